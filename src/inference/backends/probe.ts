import type { BackendChoice, BackendName } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { Backend, LoadedModel } from './backend.ts';
import { createNativeBackend } from './native.ts';
import { probeGraph, probeLogits, probeManifest, probePrompt, probeToken } from './probeGraph.ts';
import { computeThreads } from './threads.ts';
import { createWasmBackend } from './wasm.ts';
import { createWebGpuBackend } from './webgpu/nativeBackend.ts';

/** The probe's logits are about 1, and float32 sums of 32 products differ by less than this whatever their order. */
const TOLERANCE = 1e-4;

/**
 * What is tried for a choice, in this order. A graphics driver comes and goes, so that a person who chose the GPU is
 * served by the processor without it. Nobody gets it unasked: steps of small models are faster without, and a driver
 * may compute on the processor.
 */
const tried: Record<BackendChoice, readonly BackendName[]> = {
  auto: ['native', 'wasm'],
  webgpu: ['webgpu', 'native', 'wasm'],
  native: ['native'],
  wasm: ['wasm'],
};

export interface ProbeOptions {
  readonly candidates?: readonly Backend[];
  /** Told of every backend that is passed over. */
  readonly onSkip?: (backend: BackendName, reason: string) => void;
}

/**
 * The first backend for `choice` that computes a known answer here; a library may be absent, of another platform, or broken.
 *
 * @throws GemmaError `backend-unavailable` with the reason of each that failed
 */
export async function probeBackends(choice: BackendChoice, options: ProbeOptions = {}): Promise<Backend> {
  const candidates = options.candidates ?? [
    createWebGpuBackend(),
    createNativeBackend(),
    createWasmBackend(),
  ];
  const reasons: string[] = [];
  const inOrder = tried[choice].flatMap((name) => candidates.filter((backend) => backend.name === name));
  for (const backend of inOrder) {
    try {
      await probe(backend);
      return backend;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      reasons.push(`${backend.name}: ${reason}`);
      options.onSkip?.(backend.name, reason);
    }
  }
  throw new GemmaError('backend-unavailable', `No backend can run models here. ${reasons.join(' ')}`.trim());
}

/** This backend and no other. @throws GemmaError `backend-unavailable` */
export async function probeBackend(name: BackendName): Promise<Backend> {
  const backend = await probeBackends(name);
  if (backend.name === name) return backend;
  throw new GemmaError('backend-unavailable', `The backend ${name} can't run models here.`);
}

async function probe(backend: Backend): Promise<void> {
  const model = await backend.loadGraph(probeGraph(backend.processor), probeManifest, {
    threads: computeThreads(backend.name, probeManifest.parameters),
  });
  try {
    await checkAnswer(model);
  } finally {
    await model.dispose();
  }
}

async function checkAnswer(model: LoadedModel): Promise<void> {
  const kv = model.createKvBuffer(probePrompt.length + 1);
  try {
    await model.forward(kv, 0, probePrompt, 1);
    const logits = await model.forward(kv, probePrompt.length, [probeToken], 1);
    const wrong = probeLogits.some((expected, index) => !(Math.abs(logits[index]! - expected) <= TOLERANCE));
    if (wrong) throw new Error('it computes wrong results.');
  } finally {
    kv.dispose();
  }
}
