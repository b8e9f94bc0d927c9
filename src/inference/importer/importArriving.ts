import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Quantization } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import { type ModelManifest, readManifest } from '../model/modelManifest.ts';
import { isPlainName } from '../model/plainName.ts';
import { checkDiskSpace } from './arriving/diskSpace.ts';
import { Journal, type Position } from './arriving/journal.ts';
import { stopIfAborted } from './arriving/receive.ts';
import { type ArrivingWeights, type RemoteShard, WeightReceiver } from './arriving/weightReceiver.ts';
import { fetchSmallFiles } from './arriving/smallFiles.ts';
import { exists, openWorkFolder, removeWorkFolder, type WorkFolder } from './arriving/workFolder.ts';
import { CheckpointFolder } from './checkpointFolder.ts';
import { RowConverter } from './rowConverter.ts';
import { publishFolder, refuseExisting, syncFolder } from './createFolder.ts';
import { DataFiles } from './dataFiles.ts';
import { describeModel, type ModelDescription } from './modelDescription.ts';
import { planModel, writeModelFiles } from './modelPlan.ts';
import type { OpenRemoteFile, RemoteFile } from './remoteFile.ts';
import { ScratchMatrices } from './scratchMatrices.ts';
import { TensorTable } from './tensorTable.ts';
import { listShards } from './weightFiles.ts';
import { explainWriteError } from './writeErrors.ts';

export { arrivedBytes } from './arriving/workFolder.ts';

export interface ArrivingImportOptions {
  /** What the repository has of what is needed: config.json, tokenizer.json, the layout files, weights, their index. */
  readonly files: readonly RemoteFile[];
  readonly open: OpenRemoteFile;
  /** Folder for what is done so far, on the file system of `target`; goes on with what an earlier process left there. */
  readonly work: string;
  /** The model's folder; appears when everything is verified and flushed. */
  readonly target: string;
  readonly name: string;
  readonly quantization: Quantization;
  /** Bytes of all files together that are done; fewer than before only when a file has to begin again. */
  readonly onProgress: (doneBytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Imports a checkpoint while its bytes arrive, to the same files that `importModel` makes of it; it is never stored. What
 * is done survives the process but for 1 MB, and a loss of power but for 64 MB. Nothing appears at `target` before the
 * digests of all files matched.
 *
 * @throws GemmaError `untrusted` when a file is not what its digest says; `disk-full`, `cancelled` and what `open` throws:
 * the next call goes on; `bad-input` when `target` exists; `model-damaged`, `model-unsupported`
 */
export async function importArriving(options: ArrivingImportOptions): Promise<ModelManifest> {
  const { files, work: path, target, quantization } = options;
  const odd = files.find(({ name }) => !isPlainName(name));
  if (odd !== undefined) {
    throw new GemmaError('untrusted', `The repository names a file ${JSON.stringify(odd.name)}: refused.`);
  }
  try {
    const work = await openWorkFolder(path, target, files, quantization);
    const manifest = (await findPublished(work, target)) ?? (await importInto(work, options));
    await removeWorkFolder(work);
    return manifest;
  } catch (error) {
    throw explainWriteError(error, target);
  }
}

/** The model of an earlier call that was killed between its last two steps. */
async function findPublished(work: WorkFolder, target: string): Promise<ModelManifest | null> {
  return (await exists(work.model)) ? null : readManifest(target);
}

async function importInto(work: WorkFolder, options: ArrivingImportOptions): Promise<ModelManifest> {
  const { files, name, quantization, open, signal } = options;
  const target = resolve(options.target);
  await mkdir(dirname(target), { recursive: true });
  await refuseExisting(target);
  const { journal, position } = await Journal.open(work.journal);
  try {
    const arrived = position?.bytes ?? 0;
    const small = await fetchSmallFiles(files, {
      folder: work.source,
      open,
      signal,
      onProgress: (bytes) => options.onProgress(arrived + bytes),
    });
    const folder = await CheckpointFolder.open(work.source);
    const description = await describeModel(folder, name, quantization);
    const shards = await remoteShards(folder, files);
    const onProgress = (bytes: number): void => options.onProgress(small + bytes);
    const weights = { headers: work.headers, shards, open, signal, onProgress, journal };
    const manifest = await writeModel(work, target, description, weights, position);
    await publishFolder(work.model, target);
    return manifest;
  } finally {
    await journal.close();
  }
}

async function remoteShards(
  folder: CheckpointFolder,
  files: readonly RemoteFile[],
): Promise<readonly RemoteShard[]> {
  return (await listShards(folder)).map(({ name, promised }) => {
    const file = files.find((candidate) => candidate.name === name);
    if (file === undefined) throw new GemmaError('model-damaged', `${name} is missing in the repository.`);
    return { file, promised };
  });
}

async function writeModel(
  work: WorkFolder,
  target: string,
  description: ModelDescription,
  weights: ArrivingWeights,
  position: Position | null,
): Promise<ModelManifest> {
  const { architecture, quantization, tokenizer } = description;
  const plan = planModel(architecture, quantization);
  await checkDiskSpace(plan, tokenizer.length, work, target);
  const isBegun = position !== null && (await DataFiles.areThere(work.model, plan.files));
  const files = await DataFiles.open(work.model, plan.files);
  const scratch = new ScratchMatrices(work.scratch);
  try {
    const converter = new RowConverter(plan, files, scratch);
    const table = new TensorTable(architecture);
    const from = isBegun ? position : await begin(work, files, converter, weights.journal);
    const receiver = new WeightReceiver(weights, { plan, files, scratch, converter, table }, from);
    await receiver.receiveAll();
    const hashed = await files.hash(() => stopIfAborted(weights.signal));
    const { parameters } = table;
    return await writeModelFiles(work.model, description, plan, { parameters, files: hashed });
  } finally {
    await files.close();
    await scratch.close();
  }
}

/** Writes what no tensor is needed for. @returns where the first tensor begins */
async function begin(
  work: WorkFolder,
  files: DataFiles,
  converter: RowConverter,
  journal: Journal,
): Promise<Position> {
  const start = { file: 0, offset: 0, hash: null, bytes: 0 };
  await converter.writeTables();
  await files.sync();
  await syncFolder(work.model);
  await journal.commit(start);
  return start;
}
