import * as vscode from 'vscode';
import { hasContext, skipReason } from '../../completion/policy.ts';
import type { CompletionSwitches, EditorSituation, SkipReason } from '../../completion/policy.ts';
import type { CompletionSession } from '../../completion/session.ts';
import { windowAround } from '../../completion/windows.ts';
import { toGemmaError } from '../../protocol/errors.ts';
import type { GemmaError } from '../../protocol/errors.ts';
import { internalCommands } from '../ids.ts';
import type { Log } from '../log.ts';
import { editedText } from './documentLines.ts';
import { identityOf } from './identity.ts';
import type { Neighbors } from './neighbors.ts';

export interface ProviderParts {
  readonly session: CompletionSession;
  readonly neighbors: Neighbors;
  readonly switches: () => CompletionSwitches;
  /** Hears of every request of the editor: why it goes no further, or null when it does. */
  readonly onRequest: (skipped: SkipReason | null) => void;
  readonly log: Log;
}

/** Ghost text. Failures go to the log and the status bar, never into the person's way. */
export class CompletionProvider implements vscode.InlineCompletionItemProvider {
  readonly #parts: ProviderParts;
  #failure: GemmaError | null = null;

  constructor(parts: ProviderParts) {
    this.#parts = parts;
  }

  async provideInlineCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[] | undefined> {
    const { session, neighbors, switches, onRequest, log } = this.#parts;
    const invoked = context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
    const trigger = invoked ? 'invoked' : 'automatic';
    const reason = skipReason(switches(), situationOf(document, position, trigger));
    if (reason !== null) {
      log.debug('skipped', { reason });
      onRequest(reason);
      return undefined;
    }
    const start = startOf(document, position, context.selectedCompletionInfo);
    if (start === null) return undefined;
    const { lines, cursor } = editedText(document, position);
    const { prefix, suffix } = windowAround(lines, cursor);
    const hasAny = hasContext(prefix, trigger);
    onRequest(hasAny ? null : 'nothing-before-cursor');
    if (!hasAny) return undefined;

    const askedAt = performance.now();
    try {
      const shaped = await session.suggest({
        ...identityOf(document),
        prefix,
        suffix,
        forcedPrefix: start.forcedPrefix,
        trigger,
        neighbors: () => neighbors.of(document),
        isWanted: () => !token.isCancellationRequested,
      });
      if (shaped === null || token.isCancellationRequested) return undefined;
      log.debug('suggested', { origin: shaped.origin, ms: performance.now() - askedAt });
      const end = position.translate(0, shaped.replaceChars);
      const item = new vscode.InlineCompletionItem(
        start.typed + shaped.insertText,
        new vscode.Range(start.position, end),
        { command: internalCommands.didAccept, title: '' },
      );
      return [item];
    } catch (error) {
      this.#reportOnce(toGemmaError(error));
      return undefined;
    }
  }

  /** A broken engine fails every keystroke for the same reason. */
  #reportOnce(error: GemmaError): void {
    if (error !== this.#failure) this.#parts.log.failure('completion', error);
    this.#failure = error;
  }
}

/** The protocol's longest forced prefix; a longer item is a snippet, not the beginning of a line. */
const MAX_FORCED_CHARS = 256;

interface Start {
  readonly position: vscode.Position;
  /** What of the selected suggest-widget item stands before the cursor already, and what it would add. */
  readonly typed: string;
  readonly forcedPrefix: string;
}

/**
 * Where the item begins. While the suggest widget is open, the editor shows only what extends its selected item; null
 * when that can't be done by adding text at the cursor.
 */
function startOf(
  document: vscode.TextDocument,
  position: vscode.Position,
  selected: vscode.SelectedCompletionInfo | undefined,
): Start | null {
  if (selected === undefined) return { position, typed: '', forcedPrefix: '' };
  const { range, text } = selected;
  if (!range.isSingleLine || !range.end.isEqual(position)) return null;
  const typed = document.getText(range);
  const forcedPrefix = text.slice(typed.length);
  const unusable = forcedPrefix.length > MAX_FORCED_CHARS || /[\r\n]/.test(text) || !text.startsWith(typed);
  return unusable ? null : { position: range.start, typed, forcedPrefix };
}

function situationOf(
  document: vscode.TextDocument,
  position: vscode.Position,
  trigger: EditorSituation['trigger'],
): EditorSituation {
  const line = document.lineAt(position).text;
  const active = vscode.window.activeTextEditor;
  const editor = active?.document === document ? active : undefined;
  return {
    trigger,
    languageId: document.languageId,
    lineCount: document.lineCount,
    linePrefix: line.slice(0, position.character),
    lineSuffix: line.slice(position.character),
    cursors: editor?.selections.length ?? 1,
    selecting: editor !== undefined && !editor.selection.isEmpty,
  };
}
