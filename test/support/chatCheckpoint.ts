import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importModel } from '../../src/inference/importer/importModel.ts';
import type { Quantization } from '../../src/protocol/engine.ts';
import { gemmaTokenizer } from '../unit/tokenizer/syntheticTokenizer.ts';
import { randomCheckpoint, writeCheckpoint } from './checkpoints.ts';

export interface ImportedChatModel {
  readonly folder: string;
  remove(): Promise<void>;
}

/** A tiny random Gemma 3 that says of itself that it was tuned for conversations, imported. */
export async function importChatModel(quantization: Quantization): Promise<ImportedChatModel> {
  const root = await mkdtemp(join(tmpdir(), 'chat-model-'));
  const source = join(root, 'tiny-chat');
  const folder = join(root, 'imported');
  await writeChatCheckpoint(source);
  await importModel({ source, target: folder, quantization });
  return { folder, remove: () => rm(root, { recursive: true, force: true }) };
}

/** The same as a checkpoint. */
export async function writeChatCheckpoint(folder: string): Promise<void> {
  const tokenizer = gemmaTokenizer(
    Array.from('abcdefghijklmnopqrstuvwxyz0123456789.,:;!?()[]{}=+-*/<>"\'_▁'),
  );
  const vocabSize = Object.keys(tokenizer.model.vocab).length;
  const checkpoint = randomCheckpoint({ vocabSize, maxPositions: 4_096, window: 64 });
  await writeCheckpoint(folder, { ...checkpoint, tokenizer });
  await writeFile(join(folder, 'generation_config.json'), JSON.stringify({ eos_token_id: [1, 106] }));
}
