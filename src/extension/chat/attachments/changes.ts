import type { Attachment } from '../../../chat/conversation.ts';
import type { GitRepository } from '../../git.ts';
import { labelOf } from './documentAttachment.ts';
import { isSecretFile } from './secretFiles.ts';

const MAX_CHARS = 1_000_000;

/** What the next commit will hold: what is staged, else all that has changed; null: nothing. */
export async function attachChanges(repository: GitRepository): Promise<Attachment | null> {
  const staged = withoutSecrets(await repository.diff(true));
  const text = staged === '' ? withoutSecrets(await repository.diff(false)) : staged;
  if (text === '') return null;
  return {
    kind: 'changes',
    label: labelOf(repository.rootUri),
    languageId: 'diff',
    text: text.slice(0, MAX_CHARS),
    source: { uri: repository.rootUri.toString() },
  };
}

/** A diff without the files that usually hold passwords and keys. */
export function withoutSecrets(diff: string): string {
  return diff
    .split(/^(?=diff --git )/mu)
    .filter((part) => !isSecretFile(/^diff --git .* "?b\/(.*?)"?$/mu.exec(part)?.[1] ?? ''))
    .join('');
}
