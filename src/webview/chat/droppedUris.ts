/** As many, and as long, as the extension takes them. */
const MAX_URIS = 20;
const MAX_URI_CHARS = 4_096;

/** VS Code's own type comes first: it has what its Explorer and its tabs drag. */
const TYPES = ['application/vnd.code.uri-list', 'text/uri-list'];

/**
 * The URIs of what was dropped.
 * @param dataOf what was dropped, as text of a MIME type; empty: there is none
 */
export function droppedUris(dataOf: (type: string) => string): string[] {
  const list = TYPES.map((type) => dataOf(type)).find((data) => data !== '') ?? '';
  const uris = list
    .split(/\r?\n/u)
    .map((line) => line.trim())
    // RFC 2483: a line that begins with # is a comment.
    .filter((line) => line !== '' && !line.startsWith('#') && line.length <= MAX_URI_CHARS);
  return [...new Set(uris)].slice(0, MAX_URIS);
}
