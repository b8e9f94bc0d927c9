import type { BackendName, Role } from '../protocol/engine.ts';
import type { Machine, MachineSpeed, ModelId, Quantization } from '../protocol/models.ts';
import { catalogue, type CatalogueModel } from './catalogue.ts';
import { importedBytes, memoryNeeded } from './memory.ts';

/** Candidates for a purpose, the best first. Others are run when a person wants them. */
const preferred: Readonly<Record<Role, readonly ModelId[]>> = {
  completion: ['codegemma-1.1-2b'],
  // Equal ones without a gate come first. Larger ones take hours to download: nobody wants that unasked.
  chat: ['gemma-4-e4b-it', 'gemma-4-e2b-it', 'gemma-3-1b-it', 'gemma-3-270m-it'],
};

/** Share of the machine's memory that a model may take: together the half that the engine takes for both. */
const MEMORY_SHARE: Readonly<Record<Role, number>> = { completion: 0.2, chat: 0.3 };
/** What the 4 GB that WebAssembly can address leave for weights, keys and values. */
const WASM_BYTES = 3_500_000_000;
/** Left on the disk, so that nothing else fails for want of it. */
const DISK_RESERVE_BYTES = 1_000_000_000;
/** Of the engine: longest prompt of a completion, and what keys and values of a chat may take. */
const COMPLETION_TOKENS = 2_048;
const CHAT_KV_BYTES = 512 * 1024 * 1024;

/** A line of code, and what CodeGemma computes anew before it at every key: the text after the cursor. */
const LINE_TOKENS = 12;
const KEY_TOKENS = 132;
/** Longest that a person looks at the cursor and not at the next word. */
const LINE_SECONDS = 1.5;
/** About as fast as people read. */
const CHAT_TOKENS_PER_SECOND = 5;
/** A question with a page of code has some 500 tokens; nobody waits longer than ten seconds for the first word. */
const PROMPT_TOKENS_PER_SECOND = 50;

/** WebAssembly has no kernels for 4 bits; elsewhere the fewest bytes are the fastest. */
const quantizationOf: Readonly<Record<BackendName, Quantization>> = {
  webgpu: 'q4',
  native: 'q4',
  wasm: 'q8',
};

/** What to expect of a model; it follows from what was measured on this machine. */
export interface Speed {
  readonly tokensPerSecond: number;
  /** While it reads a prompt. */
  readonly promptTokensPerSecond: number;
  /** From a key to the end of a suggested line. */
  readonly lineSeconds: number;
}

/** How a model would be run here. */
export interface Plan {
  readonly quantization: Quantization;
  readonly backend: BackendName;
  readonly contextTokens: number;
  readonly memoryBytes: number;
  /** Of the weights after import. */
  readonly diskBytes: number;
  /** Null: not measured. */
  readonly speed: Speed | null;
}

/** Why a model can't be used for a purpose, or shouldn't be. */
export type Obstacle =
  /** It continues text, and was not tuned for conversations. */
  | { readonly kind: 'cannot-chat' }
  /** It was not trained on what is after the cursor. */
  | { readonly kind: 'cannot-fill-in' }
  /** No backend passed its probe. */
  | { readonly kind: 'no-backend' }
  /** More than its share of the memory; `totalBytes` is all of it. */
  | {
      readonly kind: 'memory';
      readonly neededBytes: number;
      readonly shareBytes: number;
      readonly totalBytes: number;
    }
  | { readonly kind: 'wasm-limit'; readonly neededBytes: number; readonly limitBytes: number }
  | { readonly kind: 'disk'; readonly neededBytes: number; readonly freeBytes: number }
  | { readonly kind: 'slow-lines'; readonly seconds: number; readonly wantedSeconds: number }
  | {
      readonly kind: 'slow-answers' | 'slow-prompts';
      readonly tokensPerSecond: number;
      readonly wantedTokensPerSecond: number;
    };

export interface Verdict {
  readonly model: CatalogueModel;
  /** The best way to run it here; null: there is none. */
  readonly plan: Plan | null;
  /** Everything but the purpose and the speed allows it: a person may choose it. */
  readonly fits: boolean;
  /** Why it is not recommended; the gravest first. Empty: it could be. */
  readonly obstacles: readonly Obstacle[];
}

/** Why the choice is what it is, in an order in which it can be read. */
export type Reason =
  /** It was passed over, though it would be better. */
  | { readonly kind: 'passed-over'; readonly model: CatalogueModel; readonly obstacles: readonly Obstacle[] }
  /** The first of the preferred ones that has no obstacles. */
  | { readonly kind: 'best-that-fits'; readonly memoryBytes: number; readonly totalBytes: number }
  | { readonly kind: 'fast-enough'; readonly speed: Speed }
  | { readonly kind: 'speed-unknown' }
  /** Whoever downloads it needs no account. */
  | { readonly kind: 'no-gate' }
  /** For completion: the model that comes with the extension is what runs well here. */
  | { readonly kind: 'embedded' };

export interface Recommendation {
  /** Null: for completion the embedded model, for chat none. */
  readonly choice: { readonly model: CatalogueModel; readonly plan: Plan } | null;
  readonly reasons: readonly Reason[];
  /** Of every model of the catalogue, in its order. */
  readonly verdicts: readonly Verdict[];
}

/**
 * The model that suits this machine for a purpose, and why; and what is to be said of every other.
 *
 * @param speeds as measured; empty: unknown, then speed speaks against nothing
 * @param installed need no more room on the disk
 */
export function recommend(
  machine: Machine,
  speeds: readonly MachineSpeed[],
  role: Role,
  installed: ReadonlySet<ModelId> = new Set(),
): Recommendation {
  const verdicts = catalogue.map((model) => judge(model, machine, speeds, role, installed.has(model.id)));
  const reasons: Reason[] = [];
  for (const id of preferred[role]) {
    const verdict = verdicts.find(({ model }) => model.id === id);
    if (verdict === undefined) continue;
    const { model, plan, obstacles } = verdict;
    if (plan === null || obstacles.length > 0) {
      reasons.push({ kind: 'passed-over', model, obstacles });
      continue;
    }
    reasons.push(
      { kind: 'best-that-fits', memoryBytes: plan.memoryBytes, totalBytes: machine.memoryBytes },
      plan.speed === null ? { kind: 'speed-unknown' } : { kind: 'fast-enough', speed: plan.speed },
    );
    if (!model.gated) reasons.push({ kind: 'no-gate' });
    return { choice: { model, plan }, reasons, verdicts };
  }
  if (role === 'completion') reasons.push({ kind: 'embedded' });
  return { choice: null, reasons, verdicts };
}

function judge(
  model: CatalogueModel,
  machine: Machine,
  speeds: readonly MachineSpeed[],
  role: Role,
  isInstalled: boolean,
): Verdict {
  const ways = usableBackends(machine, speeds).map((backend): Way => {
    const plan = planFor(model, backend, machine, speeds, role);
    const barriers = barriersOf(plan, machine, role, isInstalled);
    return { plan, barriers, obstacles: [...barriers, ...slowness(plan.speed, role)] };
  });
  const best = bestOf(ways);
  const unfit = unfitness(model, role);
  if (best === undefined) {
    return { model, plan: null, fits: false, obstacles: [...unfit, { kind: 'no-backend' }] };
  }
  const { plan, barriers, obstacles } = best;
  return { model, plan, fits: barriers.length === 0, obstacles: [...unfit, ...obstacles] };
}

/** Those that were measured, or all when none was: what nobody measured beside others is the slower one. */
function usableBackends({ backends }: Machine, speeds: readonly MachineSpeed[]): readonly BackendName[] {
  const measured = backends.filter((backend) => speeds.some((speed) => speed.backend === backend));
  return measured.length > 0 ? measured : backends;
}

/** A plan, what keeps it from being carried out, and what speaks against it besides. */
interface Way {
  readonly plan: Plan;
  readonly barriers: readonly Obstacle[];
  readonly obstacles: readonly Obstacle[];
}

/** With the fewest obstacles, and among those the fastest; where nothing was measured, of the best backend. */
function bestOf(ways: readonly Way[]): Way | undefined {
  return ways.toSorted(
    (one, other) =>
      one.barriers.length - other.barriers.length ||
      one.obstacles.length - other.obstacles.length ||
      paceOf(other) - paceOf(one),
  )[0];
}

function paceOf({ plan: { speed } }: Way): number {
  return speed === null ? 0 : 1 / speed.lineSeconds;
}

/** How `model` is run by `backend` for a purpose, whether it fits or not. */
function planFor(
  model: CatalogueModel,
  backend: BackendName,
  machine: Machine,
  speeds: readonly MachineSpeed[],
  role: Role,
): Plan {
  const quantization = quantizationOf[backend];
  const freeBytes = shareOf(machine, role) - memoryNeeded(model, quantization, 0);
  const contextTokens = contextFor(model, role, freeBytes);
  const measured = speeds.find((speed) => speed.backend === backend && speed.quantization === quantization);
  return {
    quantization,
    backend,
    contextTokens,
    memoryBytes: memoryNeeded(model, quantization, contextTokens),
    diskBytes: importedBytes(model, quantization) ?? Infinity,
    speed: measured === undefined ? null : expectedSpeed(model, measured),
  };
}

/**
 * Longest context that `model` is run with for a purpose, in tokens.
 *
 * @param freeBytes for its keys and values; that of a completion is needed even without
 */
function contextFor(
  { contextTokens, kvBytesPerToken }: CatalogueModel,
  role: Role,
  freeBytes: number,
): number {
  const least = Math.min(contextTokens, COMPLETION_TOKENS);
  if (role === 'completion') return least;
  const room = Math.floor(Math.min(freeBytes, CHAT_KV_BYTES) / kvBytesPerToken);
  return Math.max(least, Math.min(contextTokens, room));
}

function shareOf({ memoryBytes }: Machine, role: Role): number {
  return Math.floor(memoryBytes * MEMORY_SHARE[role]);
}

/** What `model` will do where weights of its format are as fast as measured. */
export function expectedSpeed(model: CatalogueModel, measured: MachineSpeed): Speed {
  const decodeBytes = model.formats[measured.quantization]?.decodeBytes ?? Infinity;
  const tokensPerSecond = measured.decodeBytesPerSecond / decodeBytes;
  const promptTokensPerSecond = measured.prefillWeightsPerSecond / model.promptWeights;
  const lineSeconds = KEY_TOKENS / promptTokensPerSecond + LINE_TOKENS / tokensPerSecond;
  return { tokensPerSecond, promptTokensPerSecond, lineSeconds };
}

function barriersOf(plan: Plan, machine: Machine, role: Role, isInstalled: boolean): Obstacle[] {
  const { memoryBytes: totalBytes, freeDiskBytes: freeBytes } = machine;
  const { memoryBytes, diskBytes, backend } = plan;
  const obstacles: Obstacle[] = [];
  const shareBytes = shareOf(machine, role);
  if (memoryBytes > shareBytes) {
    obstacles.push({ kind: 'memory', neededBytes: memoryBytes, shareBytes, totalBytes });
  }
  if (backend === 'wasm' && memoryBytes > WASM_BYTES) {
    obstacles.push({ kind: 'wasm-limit', neededBytes: memoryBytes, limitBytes: WASM_BYTES });
  }
  const neededBytes = diskBytes + DISK_RESERVE_BYTES;
  if (!isInstalled && neededBytes > freeBytes) obstacles.push({ kind: 'disk', neededBytes, freeBytes });
  return obstacles;
}

function unfitness(model: CatalogueModel, role: Role): Obstacle[] {
  if (role === 'chat') return model.purposes.includes('chat') ? [] : [{ kind: 'cannot-chat' }];
  return model.fillsInMiddle ? [] : [{ kind: 'cannot-fill-in' }];
}

function slowness(speed: Speed | null, role: Role): Obstacle[] {
  if (speed === null) return [];
  const { lineSeconds: seconds, tokensPerSecond, promptTokensPerSecond } = speed;
  if (role === 'completion') {
    return seconds <= LINE_SECONDS ? [] : [{ kind: 'slow-lines', seconds, wantedSeconds: LINE_SECONDS }];
  }
  const rates: readonly (readonly ['slow-answers' | 'slow-prompts', number, number])[] = [
    ['slow-answers', tokensPerSecond, CHAT_TOKENS_PER_SECOND],
    ['slow-prompts', promptTokensPerSecond, PROMPT_TOKENS_PER_SECOND],
  ];
  return rates
    .filter(([, rate, wanted]) => rate < wanted)
    .map(([kind, rate, wanted]) => ({ kind, tokensPerSecond: rate, wantedTokensPerSecond: wanted }));
}
