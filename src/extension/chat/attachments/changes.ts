import type { Attachment } from '../../../chat/conversation.ts';
import type { GitRepository } from '../../git.ts';
import { labelOf } from './documentAttachment.ts';
import { withoutSecretFiles } from './secretFiles.ts';

const MAX_CHARS = 1_000_000;

/** What the next commit will hold: what is staged, else all that has changed; null: nothing. */
export async function attachChanges(repository: GitRepository): Promise<Attachment | null> {
  const staged = withoutSecretFiles(await repository.diff(true));
  const text = staged === '' ? withoutSecretFiles(await repository.diff(false)) : staged;
  if (text === '') return null;
  return {
    kind: 'changes',
    label: labelOf(repository.rootUri),
    languageId: 'diff',
    text: text.slice(0, MAX_CHARS),
    source: { uri: repository.rootUri.toString() },
  };
}
