import { GemmaError } from '../../protocol/errors.ts';

/** What a person can do about an error of the file system while `path` was written; anything else as it is. */
export function explainWriteError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (['ENOSPC', 'EDQUOT'].includes(code)) {
    return new GemmaError('disk-full', `There is no room on the disk for ${path}.`, { cause: error });
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(code)) {
    return new GemmaError('bad-input', `${path} can't be written.`, { cause: error });
  }
  return error;
}
