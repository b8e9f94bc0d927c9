import type { ModelId } from '../../../protocol/models.ts';
import { TransferFolder } from './transferFolder.ts';
import { lockFolder } from './transferLock.ts';

/**
 * Removes what was received of a download; when there is none, nothing.
 *
 * @throws GemmaError `bad-input` when another process downloads it
 */
export async function discardDownload(models: string, id: ModelId): Promise<void> {
  const folder = new TransferFolder(models, id);
  if ((await folder.read()) === null) return;
  const lock = await lockFolder(folder.path);
  try {
    await folder.remove();
  } finally {
    lock.release();
  }
}
