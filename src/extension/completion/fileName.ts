/** As in the protocol. */
const MAX_CHARS = 256;

/** The last part of a path, which the prompt names. */
export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).slice(-MAX_CHARS);
}
