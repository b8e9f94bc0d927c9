import * as vscode from 'vscode';
import type { Attachment, AttachmentKind } from '../../../chat/conversation.ts';
import { repositoryOf } from '../../git.ts';
import { isAllowedFile } from './allowedFiles.ts';
import { attachChanges } from './changes.ts';
import { labelOf } from './documentAttachment.ts';
import { attachFile } from './files.ts';
import { attachOutline } from './outline.ts';
import { attachProblems } from './problems.ts';
import { selectionOrSymbol } from './selection.ts';
import { attachTerminalSelection } from './terminal.ts';

const MAX_FOUND_FILES = 200;
const MAX_CHOICES = 30;

/** Something that can be attached; it is read when it is chosen. */
export interface AttachmentChoice {
  readonly kind: AttachmentKind;
  readonly label: string;
  readonly detail: string;
  /** Null: there is nothing in it. @throws GemmaError `bad-input` */
  load(): Promise<Attachment | null>;
}

/** What can be attached whose name holds all the words of `query`: what is at hand first, then open files, then others. */
export async function findAttachments(query: string): Promise<AttachmentChoice[]> {
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean);
  const matches = ({ label, detail }: AttachmentChoice): boolean =>
    words.every((word) => `${label} ${detail}`.toLowerCase().includes(word));
  const near = [...(await atHand()), ...openFiles(), ...folders()].filter(matches);
  const known = new Set(near.map(({ kind, label }) => `${kind} ${label}`));
  const others = words.length === 0 ? [] : (await filesOf(words)).filter(matches);
  return [...near, ...others.filter(({ kind, label }) => !known.has(`${kind} ${label}`))].slice(
    0,
    MAX_CHOICES,
  );
}

async function atHand(): Promise<AttachmentChoice[]> {
  const editor = vscode.window.activeTextEditor;
  const repository = await repositoryOf(editor?.document.uri);
  const terminal = vscode.window.activeTerminal;
  return [
    ...(editor === undefined
      ? []
      : [
          {
            kind: 'selection' as const,
            label: vscode.l10n.t('Selection'),
            detail: labelOf(editor.document.uri),
            load: () => selectionOrSymbol(editor),
          },
          {
            kind: 'problems' as const,
            label: vscode.l10n.t('Problems'),
            detail: labelOf(editor.document.uri),
            load: async () => attachProblems(editor.document),
          },
        ]),
    ...(repository === null
      ? []
      : [
          {
            kind: 'changes' as const,
            label: vscode.l10n.t('Changes'),
            detail: labelOf(repository.rootUri),
            load: () => attachChanges(repository),
          },
        ]),
    ...(terminal === undefined
      ? []
      : [
          {
            kind: 'terminal' as const,
            label: vscode.l10n.t('Terminal selection'),
            detail: terminal.name,
            load: attachTerminalSelection,
          },
        ]),
  ];
}

function openFiles(): AttachmentChoice[] {
  const uris = vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .map(({ input }) => (input instanceof vscode.TabInputText ? input.uri : null))
    .filter((uri) => uri !== null);
  return [...new Map(uris.map((uri) => [uri.toString(), uri])).values()].map(fileChoice);
}

function folders(): AttachmentChoice[] {
  if (!vscode.workspace.isTrusted) return [];
  return (vscode.workspace.workspaceFolders ?? []).map(({ uri, name }) => ({
    kind: 'outline',
    label: name,
    detail: vscode.l10n.t('Files and names in this folder'),
    load: () => attachOutline(uri),
  }));
}

async function filesOf(words: readonly string[]): Promise<AttachmentChoice[]> {
  if (!vscode.workspace.isTrusted) return [];
  const [first = ''] = words.toSorted((a, b) => b.length - a.length);
  const pattern = first.replaceAll(/./gu, (letter) =>
    /[a-z]/u.test(letter) ? `[${letter}${letter.toUpperCase()}]` : '?',
  );
  const found = await vscode.workspace.findFiles(`**/*${pattern}*`, undefined, MAX_FOUND_FILES);
  return found.filter(isAllowedFile).map(fileChoice);
}

function fileChoice(uri: vscode.Uri): AttachmentChoice {
  const path = labelOf(uri);
  return {
    kind: 'file',
    label: path.slice(path.lastIndexOf('/') + 1),
    detail: path,
    load: () => attachFile(uri),
  };
}
