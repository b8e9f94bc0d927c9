import * as vscode from 'vscode';
import { slashCommandNames } from '../../chat/slashCommands.ts';
import type { SlashCommandName } from '../../chat/slashCommands.ts';
import type { SlashCommandView } from '../../protocol/chat.ts';

/** What can follow a slash, for people. */
export function slashCommandViews(): SlashCommandView[] {
  const details: Record<SlashCommandName, string> = {
    explain: vscode.l10n.t('Say what the code does and why'),
    summarize: vscode.l10n.t('Summarize a text of any length'),
    fix: vscode.l10n.t('Find what is wrong and correct it'),
    doc: vscode.l10n.t('Write documentation comments'),
    tests: vscode.l10n.t('Write unit tests'),
    commit: vscode.l10n.t('Write a commit message for the changes'),
    new: vscode.l10n.t('Begin a new conversation'),
    clear: vscode.l10n.t('Remove all messages of this conversation'),
    help: vscode.l10n.t('Show what can be written here'),
  };
  return slashCommandNames.map((name) => ({ name, detail: details[name] }));
}
