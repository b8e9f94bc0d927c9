import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs Node with `nodeArgs` in our place: same terminal, signals passed on, same exit code.
 * @param {string[]} nodeArgs
 * @param {string | undefined} cwd
 */
export async function becomeNode(nodeArgs, cwd) {
  const child = spawn(process.execPath, nodeArgs, { stdio: 'inherit', cwd });
  // The terminal sends Ctrl+C to both; the child decides when it is done.
  process.on('SIGINT', () => undefined);
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
