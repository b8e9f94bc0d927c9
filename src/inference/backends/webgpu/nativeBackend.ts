import { GemmaError } from '../../../protocol/errors.ts';
import type { ModelManifest } from '../../model/modelManifest.ts';
import type { Backend, LoadedModel } from '../backend.ts';
import { modelFilePath, readAhead } from '../modelFiles.ts';
import { loadOrtNative, type OrtNative } from '../nativeModule.ts';
import { loadError } from '../ortError.ts';
import type { ReadRows } from './chainedKv.ts';
import { DeviceLoss } from './deviceLoss.ts';
import { GpuModel, gpuSessionOptions } from './gpuModel.ts';
import { createReadRows, readRowsGraph } from './readRows.ts';

/** The library has one device a process. */
const loss = new DeviceLoss();
let reader: ReadRows | undefined;

/**
 * The GPU through onnxruntime-node, whose library holds a WebGPU implementation of its own (Dawn).
 *
 * @param specifier where onnxruntime-node is: package name or absolute folder
 */
export function createWebGpuBackend(specifier?: string): Backend {
  async function load(graph: string | Uint8Array, manifest: ModelManifest): Promise<LoadedModel> {
    const ort = loadOrtNative(specifier);
    loss.check();
    try {
      const readRows = await openReader(ort);
      const session = await ort.InferenceSession.create(graph, gpuSessionOptions(manifest));
      const runtime = `onnxruntime-node ${ort.env.versions.node ?? 'unknown'} on WebGPU`;
      const gpu = { backend: 'webgpu', runtime, TensorClass: ort.Tensor, loss, readRows } as const;
      return new GpuModel(gpu, session, manifest);
    } catch (error) {
      throw loss.reason(error) ?? loadError(manifest.name, error);
    }
  }

  return {
    name: 'webgpu',
    processor: 'gpu',
    async load(folder, manifest) {
      const graph = await modelFilePath(folder, manifest.gpuGraph);
      for (const file of manifest.weights) await readAhead(folder, file);
      return load(graph, manifest);
    },
    loadGraph: load,
  };
}

/** The first thing that needs the device. @throws GemmaError `backend-unavailable` without a GPU or a driver */
async function openReader(ort: OrtNative): Promise<ReadRows> {
  if (reader !== undefined) return reader;
  try {
    const options = { executionProviders: ['webgpu'], logSeverityLevel: 4 } as const;
    reader = createReadRows(await ort.InferenceSession.create(readRowsGraph(), options), ort.Tensor);
    return reader;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new GemmaError('backend-unavailable', `WebGPU is not usable here: ${reason}`, { cause });
  }
}
