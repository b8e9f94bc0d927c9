import { createRequire } from 'node:module';
import type { Env, InferenceSession, Tensor } from 'onnxruntime-common';
import { GemmaError } from '../../protocol/errors.ts';

/** The part of onnxruntime-node that is used. */
export interface OrtNative {
  readonly InferenceSession: {
    create(source: string | Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: typeof Tensor;
  readonly env: Pick<Env, 'versions'>;
}

/**
 * onnxruntime-node, found beside the bundle or in a node_modules folder above it.
 * It is a platform add-on: a package for another platform, or none at all, is the normal case and not a defect.
 *
 * @param specifier package name or absolute folder
 * @throws GemmaError `backend-unavailable`
 */
export function loadOrtNative(specifier = 'onnxruntime-node'): OrtNative {
  // With a global Float16Array (Node 24, recent Electron) the binding fails on every float16 tensor:
  // it checks for the class that its JavaScript half then doesn't use. It looks once, at load.
  Reflect.deleteProperty(globalThis, 'Float16Array');
  let module: unknown;
  try {
    module = createRequire(import.meta.url)(specifier);
  } catch (cause) {
    throw new GemmaError('backend-unavailable', `onnxruntime-node is not usable here: ${firstLine(cause)}`, {
      cause,
    });
  }
  if (!isOrtNative(module)) {
    throw new GemmaError('backend-unavailable', `${specifier} is not onnxruntime-node.`);
  }
  return module;
}

function isOrtNative(module: unknown): module is OrtNative {
  if (typeof module !== 'object' || module === null) return false;
  const session: unknown = Reflect.get(module, 'InferenceSession');
  const env: unknown = Reflect.get(module, 'env');
  return (
    typeof env === 'object' &&
    env !== null &&
    typeof Reflect.get(env, 'versions') === 'object' &&
    typeof Reflect.get(module, 'Tensor') === 'function' &&
    typeof session === 'function' &&
    typeof Reflect.get(session, 'create') === 'function'
  );
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
