import { access } from 'node:fs/promises';
import path from 'node:path';

/**
 * The desktop VS Code to use: `VSCODE_PATH`, else `code` on the PATH when there is a display to show it on.
 *
 * @returns path of the executable or its launcher script; undefined when there is none
 */
export async function findDesktopCode(): Promise<string | undefined> {
  const named = process.env['VSCODE_PATH'];
  if (named !== undefined) return named;
  if (!hasDisplay()) return undefined;
  const name = process.platform === 'win32' ? 'code.cmd' : 'code';
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.join(folder, name);
    if (folder !== '' && (await exists(file))) return file;
  }
  return undefined;
}

/** Whether a person could see a window. */
export function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
