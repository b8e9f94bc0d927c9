import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Ends every inference process that was started below a private runtime folder. They are detached, so they outlive
 * the group of the extension host that spawned them; each leaves its process id there.
 */
export async function stopInferenceProcesses(runtimeFolder: string): Promise<void> {
  for (const pid of await inferenceProcesses(runtimeFolder)) process.kill(pid, 'SIGKILL');
}

/** Process ids of the inference processes below `runtimeFolder` that are alive. */
export async function inferenceProcesses(runtimeFolder: string): Promise<number[]> {
  const files = await readdir(runtimeFolder, { recursive: true }).catch((): string[] => []);
  const pids: number[] = [];
  for (const file of files.filter((name) => name.endsWith('.pid'))) {
    const pid = Number(await readFile(path.join(runtimeFolder, file), 'utf8'));
    if (Number.isInteger(pid) && pid > 1 && isAlive(pid)) pids.push(pid);
  }
  return pids;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
