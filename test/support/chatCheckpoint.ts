import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importModel } from '../../src/inference/importer/importModel.ts';
import type { Quantization } from '../../src/protocol/engine.ts';
import { gemmaTokenizer, generations } from '../unit/tokenizer/syntheticTokenizer.ts';
import { randomCheckpoint, writeCheckpoint } from './checkpoints.ts';
import { talkative } from './tinyGenerations.ts';

export interface ImportedChatModel {
  readonly folder: string;
  remove(): Promise<void>;
}

const pieces = Array.from('abcdefghijklmnopqrstuvwxyz0123456789.,:;!?()[]{}=+-*/<>"\'_▁');

/** A tiny random Gemma 3 that says of itself that it was tuned for conversations, imported. */
export function importChatModel(quantization: Quantization): Promise<ImportedChatModel> {
  return imported(writeChatCheckpoint, quantization);
}

/** A tiny random Gemma 4, which can think before it answers, imported. */
export function importThinkingModel(quantization: Quantization): Promise<ImportedChatModel> {
  return imported(async (folder) => {
    const tokenizer = gemmaTokenizer(pieces, generations.gemma4);
    const checkpoint = talkative('Gemma 4 with values from keys', {
      vocab_size: Object.keys(tokenizer.model.vocab).length,
      max_position_embeddings: 4_096,
    });
    await writeCheckpoint(folder, { ...checkpoint, tokenizer });
    await declareChat(folder);
  }, quantization);
}

/** What `importChatModel` imports. */
export async function writeChatCheckpoint(folder: string): Promise<void> {
  const tokenizer = gemmaTokenizer(pieces);
  const vocabSize = Object.keys(tokenizer.model.vocab).length;
  const checkpoint = randomCheckpoint({ vocabSize, maxPositions: 4_096, window: 64 });
  await writeCheckpoint(folder, { ...checkpoint, tokenizer });
  await declareChat(folder);
}

/** An answer ends at the end of a turn. */
function declareChat(folder: string): Promise<void> {
  return writeFile(join(folder, 'generation_config.json'), JSON.stringify({ eos_token_id: [1, 106] }));
}

async function imported(
  write: (folder: string) => Promise<void>,
  quantization: Quantization,
): Promise<ImportedChatModel> {
  const root = await mkdtemp(join(tmpdir(), 'chat-model-'));
  const source = join(root, 'tiny-chat');
  const folder = join(root, 'imported');
  await write(source);
  await importModel({ source, target: folder, quantization });
  return { folder, remove: () => rm(root, { recursive: true, force: true }) };
}
