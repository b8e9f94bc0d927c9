/** As many as the extension takes at once. */
const MAX_URIS = 20;
const MAX_URI_CHARS = 4_096;

/** What VS Code's explorer and editor tabs, and other programs, give when they are dragged. */
export function droppedUris(transfer: DataTransfer | null): string[] {
  const list = transfer?.getData('application/vnd.code.uri-list') || transfer?.getData('text/uri-list') || '';
  return list
    .split(/\r?\n/u)
    .filter((line) => line !== '' && !line.startsWith('#') && line.length <= MAX_URI_CHARS)
    .slice(0, MAX_URIS);
}
