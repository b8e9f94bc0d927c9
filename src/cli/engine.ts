import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { EngineClient } from '../client/engineClient.ts';

/** Beside the bundle, `dist/cli.mjs`. */
const entry = fileURLToPath(new URL('inference/main.mjs', import.meta.url));
export const embeddedModel = fileURLToPath(new URL('../models/pebble', import.meta.url));
const packageFile = new URL('../package.json', import.meta.url);

const Package = v.object({ version: v.string() });

/** Runs `use` with a client of the inference process, and says goodbye whatever happens. */
export async function withEngine<T>(home: string, use: (client: EngineClient) => Promise<T>): Promise<T> {
  const { version } = v.parse(Package, JSON.parse(await readFile(packageFile, 'utf8')));
  await mkdir(home, { recursive: true });
  const client = new EngineClient({ entry, home, version, embeddedModel, client: 'cli' });
  const progress = client.onEvent('progress', ({ step, fraction }) => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r\u001B[K${step} ${Math.round(fraction * 100)} %${fraction === 1 ? '\n' : ''}`);
  });
  try {
    return await use(client);
  } finally {
    progress.dispose();
    await client.dispose();
  }
}
