import { catalogue, findCatalogueModel } from '../../catalogue/catalogue.ts';
import type { CatalogueModel } from '../../catalogue/catalogue.ts';
import { recommend } from '../../catalogue/recommend.ts';
import type { Reason, Recommendation, Verdict } from '../../catalogue/recommend.ts';
import type { Role } from '../../protocol/engine.ts';
import type {
  InstalledModel,
  Machine,
  MachineSpeed,
  ModelList,
  TransferView,
} from '../../protocol/models.ts';

const roles = ['completion', 'chat'] as const satisfies readonly Role[];

/** All that the choice of models depends on. */
export interface ModelFacts {
  readonly list: Pick<ModelList, 'installed' | 'transfers'>;
  /** Null: not known yet. */
  readonly machine: Machine | null;
  /** As measured; empty: not yet. */
  readonly speeds: readonly MachineSpeed[];
  /** Names of the chosen models, as in the settings. */
  readonly chosen: Readonly<Record<Role, string>>;
}

/** A model that can be had, and what is to be said of it on this machine. */
export interface Offer {
  readonly model: CatalogueModel;
  /** For the first of its purposes; null: nothing is known of the machine yet. */
  readonly verdict: Verdict | null;
  /** What it is the best choice for, and why; null: others are better. */
  readonly recommended: { readonly role: Role; readonly reasons: readonly Reason[] } | null;
}

/** A line of the models view. */
export type ModelRow =
  | { readonly kind: 'built-in'; readonly roles: readonly Role[] }
  | { readonly kind: 'installed'; readonly model: InstalledModel; readonly roles: readonly Role[] }
  | { readonly kind: 'transfer'; readonly transfer: TransferView; readonly name: string }
  | { readonly kind: 'available'; readonly offer: Offer };

export interface ModelGroup {
  readonly kind: 'group';
  readonly name: 'installed' | 'downloads' | 'available';
  readonly rows: readonly ModelRow[];
}

/** What the models view lists; a group without rows is not there. */
export function modelGroups(facts: ModelFacts): ModelGroup[] {
  const { list, chosen } = facts;
  const usedFor = (id: string): Role[] => roles.filter((role) => chosen[role] === id);
  const installed: ModelRow[] = ownModels(list).map((model) => ({
    kind: 'installed',
    model,
    roles: usedFor(model.id),
  }));
  // The built-in model doesn't chat: nothing chosen means none there.
  const builtIn: ModelRow = { kind: 'built-in', roles: chosen.completion === '' ? ['completion'] : [] };
  const groups: ModelGroup[] = [
    { kind: 'group', name: 'installed', rows: [...installed, builtIn] },
    {
      kind: 'group',
      name: 'downloads',
      rows: list.transfers.map((transfer) => ({ kind: 'transfer', transfer, name: nameOf(transfer) })),
    },
    {
      kind: 'group',
      name: 'available',
      rows: offers(facts).map((offer) => ({ kind: 'available', offer })),
    },
  ];
  return groups.filter(({ rows }) => rows.length > 0);
}

/**
 * What can be had: the recommended ones first, then what fits, then the rest.
 *
 * @param role only what was made for it
 */
export function offers({ list, machine, speeds }: ModelFacts, role?: Role): Offer[] {
  const here = new Set([...list.installed, ...list.transfers].map(({ id }) => id));
  const installed = new Set(list.installed.map(({ id }) => id));
  const recommendations = roles.map((purpose): [Role, Recommendation | null] => [
    purpose,
    machine === null ? null : recommend(machine, speeds, purpose, installed),
  ]);
  const found = catalogue
    .filter(({ id, purposes }) => !here.has(id) && (role === undefined || purposes.includes(role)))
    .map((model): Offer => {
      const wanted = recommendations.filter(([purpose]) => model.purposes.includes(purpose));
      const best = wanted.find(([, known]) => known?.choice?.model.id === model.id);
      const [, known = null] = best ?? wanted[0] ?? [];
      return {
        model,
        verdict: known?.verdicts.find((verdict) => verdict.model.id === model.id) ?? null,
        recommended: best === undefined ? null : { role: best[0], reasons: best[1]?.reasons ?? [] },
      };
    });
  return found.toSorted((one, other) => rank(one) - rank(other));
}

function rank({ verdict, recommended }: Offer): number {
  if (recommended !== null) return 0;
  return verdict === null || verdict.fits ? 1 : 2;
}

/** Those that a person installed; the built-in one lies imported among them. */
export function ownModels({ installed }: Pick<ModelList, 'installed'>): readonly InstalledModel[] {
  return installed.filter(({ id, origin }) => origin !== null || !/^pebble-q[48]-/u.test(id));
}

/** As people call what is being downloaded. */
export function nameOf({ id, repository }: Pick<TransferView, 'id' | 'repository'>): string {
  return findCatalogueModel(id)?.name ?? repository;
}

/** As people call an installed model. Only a model from the hub is surely the one that the catalogue means. */
export function installedName({ id, name, origin }: InstalledModel): string {
  const known = findCatalogueModel(id);
  return origin?.kind === 'hub' && origin.repository === known?.repository ? known.name : name;
}

/** Bytes that all installed models take on the disk. */
export function diskUse({ installed }: Pick<ModelList, 'installed'>): number {
  return installed.reduce((sum, { bytes }) => sum + bytes, 0);
}
