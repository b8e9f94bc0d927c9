import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importModel } from '../../src/inference/importer/importModel.ts';
import { GemmaError, type ErrorCode } from '../../src/protocol/errors.ts';
import type { Quantization } from '../../src/protocol/engine.ts';
import { type RandomCheckpoint, randomCheckpoint, safetensorsFile, writeCheckpoint } from './checkpoints.ts';

/** A temporary folder with the checkpoint in `checkpoint`; imports go to `imported` beside it. */
export interface Workplace extends AsyncDisposable {
  readonly root: string;
  readonly source: string;
  readonly target: string;
  path(name: string): string;
  /** Replaces the JSON in a file of the checkpoint. */
  editJson(name: string, edit: (json: Record<string, unknown>) => unknown): Promise<void>;
  /** Replaces header and data of the single safetensors file. */
  editWeights(edit: (header: Header, data: Uint8Array) => [header: unknown, data: Uint8Array]): Promise<void>;
  import(quantization?: Quantization): Promise<unknown>;
  /** The import fails with `code`, names `culprit`, and leaves nothing. */
  refuses(code: ErrorCode, culprit: RegExp, quantization?: Quantization): Promise<void>;
}

export type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

const WEIGHTS = 'model.safetensors';

export async function workplace(
  checkpoint: RandomCheckpoint | null = randomCheckpoint({ layers: 1 }),
): Promise<Workplace> {
  const root = await mkdtemp(join(tmpdir(), 'gemma-importer-'));
  const source = join(root, 'checkpoint');
  const target = join(root, 'imported');
  if (checkpoint !== null) await writeCheckpoint(source, checkpoint);
  const path = (name: string): string => join(source, name);
  const run = (quantization: Quantization = 'q4') => importModel({ source, target, quantization });
  return {
    root,
    source,
    target,
    path,
    async editJson(name, edit) {
      const json: Record<string, unknown> = JSON.parse(await readFile(path(name), 'utf8'));
      await writeFile(path(name), JSON.stringify(edit(json)));
    },
    async editWeights(edit) {
      const { header, data } = splitSafetensors(await readFile(path(WEIGHTS)));
      const [newHeader, newData] = edit(header, data);
      await writeFile(path(WEIGHTS), safetensorsFile(JSON.stringify(newHeader), newData));
    },
    import: run,
    async refuses(code, culprit, quantization) {
      const before = await readdir(root);
      const error: unknown = await run(quantization).then(
        () => null,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof GemmaError, `not refused with a GemmaError: ${String(error)}`);
      assert.match(error.message, culprit);
      assert.equal(error.code, code, error.message);
      assert.deepEqual(await readdir(root), before);
    },
    async [Symbol.asyncDispose]() {
      await rm(root, { recursive: true, force: true });
    },
  };
}

export function splitSafetensors(file: Uint8Array): { header: Header; data: Uint8Array } {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header: Header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  return { header, data: file.subarray(8 + length) };
}
