import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { probeBackends } from '../src/inference/backends/probe.ts';
import { bestCandidate } from '../src/inference/candidates/bestCandidate.ts';
import { findCopies } from '../src/inference/candidates/copier.ts';
import type { Evidence } from '../src/inference/candidates/evidence.ts';

import { CancelFlag } from '../src/inference/engine/cancelFlag.ts';
import { loadModel } from '../src/inference/engine/loadModel.ts';
import { type CompletionModel, readByModel } from '../src/inference/engine/readByModel.ts';
import { KvMemory } from '../src/inference/kv/kvMemory.ts';
import { readManifest } from '../src/inference/model/modelManifest.ts';
import { ensureImported } from '../src/inference/store/importedModels.ts';
import type { Case } from './cases.ts';

/** What the product would have to choose from at one cursor. */
export interface Judged {
  readonly case: Case;
  /** The longest match, as the copier alone would offer it. */
  readonly copied: Evidence | null;
  /** The model's own line. */
  readonly written: Evidence | null;
  /** All that the model has read, its own line and copies. */
  readonly candidates: readonly Evidence[];
  /** The likeliest of them that nothing speaks against. */
  readonly chosen: Evidence | null;
}

const KV_BYTES = 512 * 1024 * 1024;

/** The embedded model on the native backend, as the product loads it. */
export async function loadPebble(): Promise<CompletionModel> {
  const folder = await ensureImported({
    source: fileURLToPath(new URL('../models/pebble', import.meta.url)),
    home: join(tmpdir(), 'gemma-code-evaluation'),
    format: { bestFor: 'native' },
  });
  const manifest = await readManifest(folder);
  const backend = await probeBackends('native');
  return (await loadModel(folder, manifest, backend, new KvMemory(KV_BYTES))).completion;
}

export async function judge(model: CompletionModel, example: Case): Promise<Judged> {
  const copies = findCopies(example.request);
  const { candidates } = await readByModel(model, example.request, copies, new CancelFlag());
  const [first] = copies;
  return {
    case: example,
    copied: first === undefined ? null : { ...first, source: 'copied', reading: null, flaw: null },
    written: candidates.find((candidate) => candidate.source === 'model') ?? null,
    candidates,
    chosen: bestCandidate(example.request, candidates).best?.candidate ?? null,
  };
}

export function isRight(evidence: Evidence | null, { truth }: Case): boolean {
  return evidence?.text.trim() === truth.trim();
}
