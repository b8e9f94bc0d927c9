import * as vscode from 'vscode';
import type { SkipReason } from '../../completion/policy.ts';
import type { Strings } from '../../protocol/inspector.ts';

/** What the page says by itself, in VS Code's language. */
export function inspectorStrings(): Strings {
  return {
    engine: vscode.l10n.t('Engine'),
    model: vscode.l10n.t('Model'),
    backend: vscode.l10n.t('Backend'),
    quantization: vscode.l10n.t('Quantization'),
    threads: vscode.l10n.t('Threads'),
    progress: vscode.l10n.t('Progress'),
    restart: vscode.l10n.t('Restart the engine'),
    automatic: vscode.l10n.t('Automatic suggestions'),
    on: vscode.l10n.t('On'),
    off: vscode.l10n.t('Off'),
    turnAutomaticOn: vscode.l10n.t('Suggest while I type'),
    turnAutomaticOff: vscode.l10n.t('Suggest only when I ask'),
    completions: vscode.l10n.t('Recent completions'),
    noCompletions: vscode.l10n.t(
      'Type in a file, and you will see here what was suggested, or why nothing was.',
    ),
    nothingSuggested: vscode.l10n.t('Nothing was suggested.'),
    source: vscode.l10n.t('Source'),
    sources: { model: vscode.l10n.t('Model'), copied: vscode.l10n.t('Copied from open files') },
    confidence: vscode.l10n.t('Confidence'),
    prompt: vscode.l10n.t('Prompt'),
    promptTokens: vscode.l10n.t('{0} tokens, {1} of them cached'),
    prefill: vscode.l10n.t('Reading the prompt'),
    decode: vscode.l10n.t('Writing'),
    tokens: vscode.l10n.t('Tokens written'),
    reasons: {
      'low-confidence': vscode.l10n.t('The model was not sure enough.'),
      'nothing-to-complete': vscode.l10n.t('There was nothing left to write on this line.'),
      repetition: vscode.l10n.t('It would only have repeated itself.'),
      'unbalanced-bracket': vscode.l10n.t('It would have closed a bracket that nobody opened.'),
      'duplicates-suffix': vscode.l10n.t('It would have repeated what follows the cursor.'),
      'line-too-long': vscode.l10n.t('The line is too long.'),
      'too-long': vscode.l10n.t('It was longer than this model writes well.'),
    },
  };
}

/** Why the engine was not asked; null where the state of the engine says so already. */
export function skipSentence(reason: SkipReason): string | null {
  const sentences: Record<SkipReason, string | null> = {
    disabled: null,
    'language-off': null,
    snoozed: null,
    'on-battery': null,
    'manual-only': null,
    selecting: vscode.l10n.t('The model was not asked: text is selected.'),
    'several-cursors': vscode.l10n.t('The model was not asked: there are several cursors.'),
    'document-too-large': vscode.l10n.t('The model was not asked: the file is too long.'),
    'line-too-long': vscode.l10n.t('The model was not asked: the line is too long.'),
    'mid-line': vscode.l10n.t(
      'The model was not asked: there is text after the cursor. The command “Suggest at the Cursor” asks anyway.',
    ),
    'nothing-before-cursor': vscode.l10n.t('The model was not asked: there is nothing before the cursor.'),
  };
  return sentences[reason];
}
