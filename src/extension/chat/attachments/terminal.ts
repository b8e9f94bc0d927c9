import * as vscode from 'vscode';
import type { Attachment } from '../../../chat/conversation.ts';

const MAX_CHARS = 200_000;

/**
 * What is selected in the terminal; null: nothing. VS Code gives it out through the clipboard alone, whose text is put
 * back.
 */
export async function attachTerminalSelection(): Promise<Attachment | null> {
  const terminal = vscode.window.activeTerminal;
  if (terminal === undefined) return null;
  const before = await vscode.env.clipboard.readText();
  await vscode.env.clipboard.writeText('');
  try {
    await vscode.commands.executeCommand('workbench.action.terminal.copySelection');
    const text = (await vscode.env.clipboard.readText()).slice(-MAX_CHARS);
    return text.trim() === '' ? null : { kind: 'terminal', label: terminal.name, languageId: '', text };
  } finally {
    await vscode.env.clipboard.writeText(before);
  }
}
