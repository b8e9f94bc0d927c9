import type { BackendName } from '../../protocol/engine.ts';
import type { Backend } from '../backends/backend.ts';
import { probeBackend } from '../backends/probe.ts';
import type { Turn } from '../kv/turn.ts';

/** A graphics driver may compute on the processor, so without a measurement the GPU comes after its library. */
const inOrder: readonly BackendName[] = ['native', 'webgpu', 'wasm'];

/** All backends that pass their probe here. */
export async function usableBackends(turn: Turn): Promise<readonly Backend[]> {
  const usable: Backend[] = [];
  for (const name of inOrder) {
    await turn.step();
    const backend = await probeBackend(name).catch(() => null);
    if (backend !== null) usable.push(backend);
  }
  return usable;
}

/** Where the native library works, nobody wants WebAssembly, which is several times as slow and keeps its memory. */
export function worthMeasuring(usable: readonly Backend[]): readonly Backend[] {
  const isNative = usable.some(({ name }) => name === 'native');
  return usable.filter(({ name }) => name !== 'wasm' || !isNative);
}
