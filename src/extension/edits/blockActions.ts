import * as vscode from 'vscode';
import type { Attachment } from '../../chat/conversation.ts';
import { fenced } from '../../chat/fences.ts';
import { proposeEdit } from '../../chat/proposeEdit.ts';
import { keepsMostLines } from '../../chat/hunks.ts';
import type { BlockAction } from '../../protocol/chat.ts';
import { GemmaError } from '../../protocol/errors.ts';
import { offsetOf } from './offsetOf.ts';
import { previewEdit } from './previewEdit.ts';
import { proposedText } from './proposedText.ts';

/** A code block of an answer, with what was attached to the question. */
export interface AnsweredBlock {
  /** What stands after the fence. */
  readonly info: string;
  readonly code: string;
  readonly attachments: readonly Attachment[];
}

/**
 * Does with a code block what a person wants.
 *
 * @throws GemmaError `bad-input` when there is no place for it
 */
export async function runBlockAction(action: BlockAction, block: AnsweredBlock): Promise<void> {
  switch (action) {
    case 'copy':
      return vscode.env.clipboard.writeText(block.code);
    case 'insert':
      return insert(block.code);
    case 'newFile':
      return newFile(block);
    case 'apply':
      return apply(block);
  }
}

async function insert(code: string): Promise<void> {
  const editor = openEditor();
  const done = await editor.edit((edit) => edit.replace(editor.selection, code));
  if (!done) throw new GemmaError('bad-input', vscode.l10n.t('This document can not be changed.'));
}

async function newFile({ info, code }: AnsweredBlock): Promise<void> {
  const [word = ''] = info.toLowerCase().split(/\s/u);
  const known = (await vscode.languages.getLanguages()).includes(word);
  const document = await vscode.workspace.openTextDocument({
    content: `${code}\n`,
    ...(known ? { language: word } : {}),
  });
  await vscode.window.showTextDocument(document);
}

/** Puts the block where the attached code came from; without any, in the place of what is selected now. */
async function apply({ code, attachments }: AnsweredBlock): Promise<void> {
  const target =
    attachments.findLast(({ kind, source }) => kind === 'selection' && source !== undefined) ??
    attachments.findLast(({ kind, source }) => kind === 'file' && source !== undefined);
  if (target?.source === undefined) return insert(code);
  const text = proposedText(proposeEdit(target.text, fenced(code)));
  if (target.kind === 'file' && !keepsMostLines(target.text, text)) {
    throw new GemmaError(
      'bad-input',
      vscode.l10n.t('This is only a part of the file. Insert it where it belongs.'),
    );
  }
  const uri = vscode.Uri.parse(target.source.uri, true);
  const offset = await offsetOf(uri, target.source.range);
  await previewEdit({ uri, original: target.text, offset, text, title: vscode.l10n.t('From the chat') });
}

/** The editor a person was in before the chat had the focus. */
function openEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
  if (editor === undefined) {
    throw new GemmaError('bad-input', vscode.l10n.t('Open a file first: there is no editor.'));
  }
  return editor;
}
