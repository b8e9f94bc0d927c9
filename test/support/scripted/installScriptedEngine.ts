import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import * as v from 'valibot';
import { ChatParams } from '../../../src/protocol/engine.ts';
import { defaultScript, RECEIVED_FILE, Script, SCRIPT_FILE } from './script.ts';

export interface ScriptedEngine {
  /** What it was asked so far, the oldest first. */
  received(): Promise<ChatParams[]>;
  /** Takes effect when the process starts next. */
  setScript(script: v.InferInput<typeof Script>): Promise<void>;
}

/**
 * Puts a scripted inference process in the place of the real one in an extension's folder, before it starts.
 *
 * @param extensionFolder has the bundles in `dist/`
 */
export async function installScriptedEngine(
  extensionFolder: string,
  script: v.InferInput<typeof Script> = defaultScript,
): Promise<ScriptedEngine> {
  const folder = join(extensionFolder, 'dist', 'inference');
  await build({
    entryPoints: [join(import.meta.dirname, 'main.ts')],
    outfile: join(folder, 'main.mjs'),
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  const setScript: ScriptedEngine['setScript'] = (next) =>
    writeFile(join(folder, SCRIPT_FILE), JSON.stringify(v.parse(Script, next)));
  await setScript(script);
  await writeFile(join(folder, RECEIVED_FILE), '');
  return {
    setScript,
    async received() {
      const lines = (await readFile(join(folder, RECEIVED_FILE), 'utf8')).split('\n').filter(Boolean);
      return lines.map((line) => v.parse(ChatParams, JSON.parse(line)));
    },
  };
}
