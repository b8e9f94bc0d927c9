import type { BackendName, ModelInfo, Role } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { Backend } from '../backends/backend.ts';
import type { KvMemory } from '../kv/kvMemory.ts';
import { SnapshotStore } from '../kv/snapshotStore.ts';
import type { Turn } from '../kv/turn.ts';
import { type ModelManifest, readManifest } from '../model/modelManifest.ts';
import type { LoadedModels, LoadPlan } from './engine.ts';
import { contextOf, loadModel, modelInfo, type ReadyModel } from './loadModel.ts';
import { kvBudget, memoryOf, type ModelMemory, neededFor, noRoom, weightsOf } from './memoryPlan.ts';

/** Some hundred files of a small model, a dozen of a large one. */
const SNAPSHOT_DISK_BYTES = 1024 * 1024 * 1024;

const roles: readonly Role[] = ['completion', 'chat'];

interface Held extends ReadyModel {
  readonly folder: string;
  readonly backend: BackendName;
  readonly memory: ModelMemory;
}

/** The loaded models by role, within one memory budget. One that has both roles is there once. */
export class ModelSlots {
  readonly #kv: KvMemory;
  readonly #backend: (name: BackendName) => Promise<Backend>;
  readonly #held: Record<Role, Held | null> = { completion: null, chat: null };
  readonly #readAvailable: () => Promise<number | null>;
  #memoryBytes = Infinity;
  #snapshots: { readonly folder: string; readonly store: SnapshotStore } | null = null;

  /** @param readAvailable bytes that the machine can still give; null: unknown */
  constructor(
    kv: KvMemory,
    backend: (name: BackendName) => Promise<Backend>,
    readAvailable: () => Promise<number | null>,
  ) {
    this.#kv = kv;
    this.#backend = backend;
    this.#readAvailable = readAvailable;
  }

  /** @throws GemmaError `no-model` */
  of(role: Role): ReadyModel {
    const held = this.#held[role];
    if (held === null) throw new GemmaError('no-model', 'No model is loaded.');
    return held;
  }

  get loaded(): LoadedModels {
    return {
      models: { completion: infoOf(this.#held.completion), chat: infoOf(this.#held.chat) },
      weightBytes: weightsOf(this.#distinct().map(({ memory }) => memory)),
    };
  }

  /** As Engine.load. */
  async load(role: Role, plan: LoadPlan, turn: Turn): Promise<LoadedModels | null> {
    const { folder, backend: name } = plan;
    this.#memoryBytes = plan.memoryBytes;
    const known = this.#distinct().find((held) => held.folder === folder && held.backend === name);
    if (this.#held[role] !== known) await this.#drop(role);
    const manifest = known?.model.manifest ?? (await turn.aside(readManifest(folder)));
    const memory = known?.memory ?? memoryOf(manifest, name, contextOf(manifest));
    const others = this.#distinct().filter((held) => held !== known);
    const available = known === undefined ? await turn.aside(this.#available(name)) : Infinity;
    const all = [memory, ...others.map((held) => held.memory)];
    if (neededFor(all) > plan.memoryBytes || neededFor([memory]) > available) {
      await this.#drop(role);
      if (others.length > 0) return null;
      throw noRoom(manifest.name, memory, plan.memoryBytes, available);
    }
    this.#kv.resize(kvBudget(all, plan.memoryBytes));
    const held = known ?? {
      ...(await turn.aside(this.#load(plan, manifest))),
      folder,
      backend: name,
      memory,
    };
    this.#held[role] = held;
    held.completion.cache.snapshots = await this.#openSnapshots(plan.snapshots);
    return this.loaded;
  }

  /** As Engine.unload. */
  async unload(role: Role): Promise<LoadedModels> {
    await this.#drop(role);
    this.resize(this.#memoryBytes);
    return this.loaded;
  }

  /** As Engine.resize. */
  resize(memoryBytes: number): LoadedModels | null {
    this.#memoryBytes = memoryBytes;
    const all = this.#distinct().map(({ memory }) => memory);
    this.#kv.resize(kvBudget(all, memoryBytes));
    return neededFor(all) > memoryBytes ? null : this.loaded;
  }

  async #load({ folder, backend }: LoadPlan, manifest: ModelManifest): Promise<ReadyModel> {
    return loadModel(folder, manifest, await this.#backend(backend), this.#kv);
  }

  /** Bytes for a new model, as far as they are known. The heap of WebAssembly is never smaller, but may be empty. */
  async #available(backend: BackendName): Promise<number> {
    return backend === 'wasm' ? Infinity : ((await this.#readAvailable()) ?? Infinity);
  }

  async #drop(role: Role): Promise<void> {
    const held = this.#held[role];
    this.#held[role] = null;
    if (held === null || this.#distinct().includes(held)) return;
    held.completion.cache.dispose();
    await held.model.dispose();
  }

  #distinct(): readonly Held[] {
    return [...new Set(roles.map((role) => this.#held[role]))].filter((held) => held !== null);
  }

  async #openSnapshots(folder: string | null): Promise<SnapshotStore | undefined> {
    if (folder === null) return undefined;
    const isUsed = this.#distinct().some(
      ({ completion }) => completion.cache.snapshots === this.#snapshots?.store,
    );
    if (this.#snapshots?.folder === folder && isUsed) return this.#snapshots.store;
    try {
      const store = await SnapshotStore.open(folder, { diskBytes: SNAPSHOT_DISK_BYTES });
      this.#snapshots = { folder, store };
      return store;
    } catch {
      // A folder that can't be used is no reason to do without the model.
      return undefined;
    }
  }
}

function infoOf(held: Held | null): ModelInfo | null {
  return held && modelInfo(held);
}
