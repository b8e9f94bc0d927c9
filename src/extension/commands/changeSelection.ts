import * as vscode from 'vscode';
import { askEdit } from '../../chat/askEdit.ts';
import type { Attachment } from '../../chat/conversation.ts';
import { previewEdit } from '../edits/previewEdit.ts';
import { proposedText } from '../edits/proposedText.ts';
import type { ChatCommands } from './chatCommands.ts';
import type { CommandContext } from './context.ts';
import { withProgress } from './withProgress.ts';

/** Has the model write what a person sees in the preview; `title` says what it is doing. */
export async function changeSelection(
  chat: ChatCommands,
  { document, range, selection }: CommandContext,
  { text, others, title }: { text: string; others: readonly Attachment[]; title: string },
): Promise<void> {
  const offset = document.offsetAt(range.start);
  const proposal = await withProgress(title, (signal, report) =>
    chat.withEngine(signal, (engine) =>
      askEdit(engine, { text, selection, others }, (chars) => report(vscode.l10n.t('{0} characters', chars))),
    ),
  );
  await previewEdit({
    uri: document.uri,
    original: selection.text,
    offset,
    text: proposedText(proposal),
    title,
  });
}
