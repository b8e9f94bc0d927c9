import { GemmaError } from '../../protocol/errors.ts';

/** What a failure to write `path` is for a person: `disk-full` or `bad-input`; other errors as they are. */
export function explainWriteError(error: unknown, path: string): unknown {
  const code = systemCode(error) ?? '';
  if (['ENOSPC', 'EDQUOT'].includes(code)) {
    return new GemmaError('disk-full', `There is no room on the disk for ${path}.`, { cause: error });
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(code)) {
    return new GemmaError('bad-input', `${path} can't be written.`, { cause: error });
  }
  return error;
}

/** As Node names it, such as ENOENT; undefined: not an error of the system. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
