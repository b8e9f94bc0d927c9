import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const SHOWN_LINES = 20;

/** The server complains at length about optional native modules that are not there. */
const NOISE = /spdlog|vsda|native-watchdog|^\s*(at |tries: \[|\]|\})/;

/** The ends of the server's and the inference process's logs below a server's folder. */
export async function logTails(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true }).catch((): string[] => []);
  const wanted = files.filter((file) => /^server\.log$|[\\/]inference\.log$/.test(file));
  const tails = wanted.map(async (file) => {
    const lines = (await readFile(path.join(folder, file), 'utf8')).trimEnd().split('\n');
    const telling = lines.filter((line) => !NOISE.test(line));
    return [`The end of ${path.basename(file)}:`, ...telling.slice(-SHOWN_LINES)].join('\n');
  });
  return (await Promise.all(tails)).join('\n');
}
