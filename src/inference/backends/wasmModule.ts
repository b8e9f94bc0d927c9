import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GemmaError } from '../../protocol/errors.ts';
import { setEnvironment } from './wasmEnvironment.ts';

/**
 * What is used of ONNX Runtime's WebAssembly module: its C functions and Emscripten's helpers.
 * Pointers and handles are u32, 0 means failure; other results are error codes, 0 means success.
 *
 * Why not the public JavaScript API: it copies every tensor in and out of the heap at each run. Called directly, past
 * and present of a layer can be the same OrtValue, which makes a decode step over a long context 45 times faster.
 */
export interface OrtWasm {
  _OrtInit(threads: number, logLevel: number): number;
  _OrtGetLastError(code: number, message: number): number;
  _OrtCreateSessionOptions(
    optimization: number,
    memoryArena: number,
    memoryPattern: number,
    executionMode: number,
    profiling: number,
    profilePrefix: number,
    logId: number,
    logSeverity: number,
    logVerbosity: number,
    optimizedModelPath: number,
  ): number;
  _OrtReleaseSessionOptions(options: number): number;
  _OrtCreateSession(graph: number, bytes: number, options: number): number;
  _OrtReleaseSession(session: number): number;
  _OrtCreateRunOptions(logSeverity: number, logVerbosity: number, terminate: number, tag: number): number;
  _OrtReleaseRunOptions(options: number): number;
  _OrtCreateTensor(
    type: number,
    data: number,
    bytes: number,
    dims: number,
    rank: number,
    location: number,
  ): number;
  _OrtGetTensorData(tensor: number, type: number, data: number, dims: number, rank: number): number;
  _OrtReleaseTensor(tensor: number): number;
  _OrtRun(
    session: number,
    inputNames: number,
    inputs: number,
    inputCount: number,
    outputNames: number,
    outputCount: number,
    outputs: number,
    options: number,
  ): number;
  _OrtFree(pointer: number): number;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  stackSave(): number;
  stackRestore(stack: number): void;
  stackAlloc(bytes: number): number;
  getValue(pointer: number, type: 'i8' | 'i32' | '*'): number;
  setValue(pointer: number, value: number, type: 'i32' | 'i64' | '*'): void;
  UTF8ToString(pointer: number): string;
  stringToUTF8(text: string, pointer: number, maxBytes: number): void;
  lengthBytesUTF8(text: string): number;
  mountExternalData(name: string, data: Uint8Array): void;
  unmountExternalData(): void;
  /** Replaced whenever the heap grows: never keep it over a call. */
  readonly HEAPU8: Uint8Array;
}

const GLUE = 'ort-wasm-simd-threaded.mjs';
/** The version that the glue belongs to. */
export const ORT_WASM_RUNTIME = 'onnxruntime-web 1.30.0';
/**
 * SHA-256 of the glue of that version. The signatures above are internal to it; with any other
 * they could pass wrong arguments to C without an error. The glue fits one .wasm only, so its own hash is enough.
 */
const GLUE_SHA256 = 'e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b';
/** Errors come back as codes with a message; the log would only repeat them on stderr. */
export const ORT_LOG_FATAL = 4;

/** One module, hence one heap and one thread pool, a thread count; a second model shares it. */
const modules = new Map<string, Promise<OrtWasm>>();

/**
 * The running module. Its pool has `threads` − 1 workers; with one thread there is none.
 *
 * @param folder holds `ort-wasm-simd-threaded.{mjs,wasm}`
 * @throws GemmaError `backend-unavailable`
 */
export function loadOrtWasm(threads: number, folder: string): Promise<OrtWasm> {
  const key = `${threads} ${folder}`;
  const known = modules.get(key);
  if (known !== undefined) return known;
  const module = instantiate(threads, folder);
  modules.set(key, module);
  module.catch(() => modules.delete(key));
  return module;
}

/** Forgets a module that trapped: its heap is in an unknown state. */
export async function dropOrtWasm(trapped: OrtWasm): Promise<void> {
  for (const [key, module] of modules) {
    if ((await module.catch(() => undefined)) === trapped) modules.delete(key);
  }
}

/** `ort/` beside the bundle; when running from source, the installed package. */
export function ortWasmFolder(): string {
  const bundled = fileURLToPath(new URL('./ort', import.meta.url));
  if (existsSync(join(bundled, GLUE))) return bundled;
  return join(createRequire(import.meta.url).resolve(`onnxruntime-web/${GLUE}`), '..');
}

type InstanceReceiver = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;

/** What Emscripten's factory takes. */
interface GlueConfig {
  readonly numThreads: number;
  readonly instantiateWasm: (imports: WebAssembly.Imports, done: InstanceReceiver) => void;
}

async function instantiate(threads: number, folder: string): Promise<OrtWasm> {
  try {
    const path = join(folder, GLUE);
    const hash = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    if (hash !== GLUE_SHA256) throw new Error(`${GLUE} is not of the version this build was made for.`);
    const glue: { default: (config: GlueConfig) => Promise<OrtWasm> } = await import(
      pathToFileURL(path).href
    );
    const wasm = await WebAssembly.compile(await readFile(path.replace(/\.mjs$/u, '.wasm')));
    const module = await new Promise<OrtWasm>((resolve, reject) => {
      const instantiateWasm = (imports: WebAssembly.Imports, done: InstanceReceiver): void => {
        setEnvironment(imports);
        WebAssembly.instantiate(wasm, imports).then((instance) => done(instance, wasm), reject);
      };
      glue.default({ numThreads: threads, instantiateWasm }).then(resolve, reject);
    });
    const code = module._OrtInit(threads, ORT_LOG_FATAL);
    if (code !== 0) throw new Error(`ONNX Runtime did not start (code ${code}).`);
    return module;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GemmaError('backend-unavailable', `ONNX Runtime for WebAssembly does not start: ${reason}`, {
      cause,
    });
  }
}
