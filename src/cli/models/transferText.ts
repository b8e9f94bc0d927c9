import type { TransferView } from '../../protocol/models.ts';
import { sizeText, waitText } from './units.ts';

/** How a download stands, on one line. */
export function transferText(transfer: TransferView): string {
  const { state, doneBytes, totalBytes, bytesPerSecond, error } = transfer;
  if (totalBytes === 0) return state === 'running' ? 'asking the hub' : state;
  const share = `${Math.floor((100 * doneBytes) / totalBytes)} % of ${sizeText(totalBytes)}`;
  if (state === 'failed') return `${share}, failed: ${error?.message ?? 'no reason given'}`;
  if (state === 'paused') return `${share}, paused`;
  if (bytesPerSecond === 0) return share;
  const left = waitText((totalBytes - doneBytes) / bytesPerSecond);
  return `${share}, ${sizeText(bytesPerSecond)}/s, ${left} left`;
}
