/**
 * ONNX Runtime sizes the blocks of its flash attention by the CPU's L2 cache, which WebAssembly can't know: they become
 * single rows, and 64 rows over 900 keys take 5 times as long as without it.
 */
const VARIABLES = ['ORT_GQA_DISABLE_FLASH_ATTENTION=1'];

/** Names of the imports in the glue of onnxruntime-web 1.30.0, whose build shortens them. */
const MODULE = 'a';
const MEMORY = 'a';
const ENVIRON_GET = 'Ga';
const ENVIRON_SIZES_GET = 'Ha';

/**
 * Gives the module the environment variables above: C reads its environment through two WASI imports, and the glue
 * offers no other way to set one.
 *
 * @throws Error when the imports are not those of the pinned glue
 */
export function setEnvironment(imports: Record<string, Record<string, unknown>>): void {
  const own = imports[MODULE];
  const memory = own?.[MEMORY];
  const known = typeof own?.[ENVIRON_GET] === 'function' && typeof own[ENVIRON_SIZES_GET] === 'function';
  if (own === undefined || !known || !hasBuffer(memory)) throw new Error('its imports have other names');
  const strings = VARIABLES.map((variable) => new TextEncoder().encode(`${variable}\0`));

  own[ENVIRON_SIZES_GET] = (count: number, bytes: number): number => {
    const view = new DataView(memory.buffer);
    view.setUint32(count, strings.length, true);
    view.setUint32(
      bytes,
      strings.reduce((sum, text) => sum + text.length, 0),
      true,
    );
    return 0;
  };
  own[ENVIRON_GET] = (pointers: number, bytes: number): number => {
    const view = new DataView(memory.buffer);
    let next = bytes;
    for (const [index, text] of strings.entries()) {
      view.setUint32(pointers + 4 * index, next, true);
      new Uint8Array(memory.buffer).set(text, next);
      next += text.length;
    }
    return 0;
  };
}

/** A WebAssembly.Memory; its buffer is another one after it has grown. */
function hasBuffer(value: unknown): value is { readonly buffer: SharedArrayBuffer } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'buffer' in value &&
    value.buffer instanceof SharedArrayBuffer
  );
}
