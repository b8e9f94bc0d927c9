import * as vscode from 'vscode';
import type { Proposal } from '../../chat/proposeEdit.ts';
import { GemmaError } from '../../protocol/errors.ts';

/** @throws GemmaError `bad-input` that says why nothing is changed */
export function proposedText(proposal: Proposal): string {
  if (proposal.kind === 'edit') return proposal.text;
  const sentences: Record<typeof proposal.reason, string> = {
    'no-code': vscode.l10n.t('There is no code in the answer.'),
    unchanged: vscode.l10n.t('The model changed nothing.'),
    hidden: vscode.l10n.t('The answer has characters that can not be seen, so nothing was changed.'),
  };
  throw new GemmaError('bad-input', sentences[proposal.reason]);
}
