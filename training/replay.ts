import { completionWindow } from '../src/completion/windows.ts';
import { shapeSuggestion } from '../src/completion/shaping.ts';
import { CancelFlag } from '../src/inference/engine/cancelFlag.ts';
import { completeLine } from '../src/inference/engine/completeLine.ts';
import type { CompletionModel } from '../src/inference/engine/readByModel.ts';
import type { Document } from './documents.ts';

/** Longer files are typed up to here. */
const MAX_LINES = 60;
/** What Ctrl+Right accepts. */
const WORD = /^\s*(\w+|[^\w\s]+)/;

export interface Typing {
  /** Of the text, indents left out: editors write them. */
  readonly characters: number;
  /** Keys pressed to write it, where suggestions were taken as soon as they were right. */
  readonly keys: number;
  /** Suggestions that appeared, and those of them that were never taken in part or as a whole. */
  readonly shown: number;
  readonly useless: number;
}

/**
 * Types a file from its first line to its last, as somebody who takes a suggestion with one key when all of it is right,
 * and with one key a word while its words are right.
 */
export async function replay(model: CompletionModel, document: Document): Promise<Typing> {
  const lines = document.text.split('\n').slice(0, MAX_LINES);
  const total = { characters: 0, keys: 0, shown: 0, useless: 0 };
  let above = '';
  for (const line of lines) {
    const typing = await typeLine(model, document, above, line.trimEnd());
    for (const key of ['characters', 'keys', 'shown', 'useless'] as const) total[key] += typing[key];
    above += `${line}\n`;
  }
  return total;
}

async function typeLine(
  model: CompletionModel,
  document: Document,
  above: string,
  line: string,
): Promise<Typing> {
  const start = line.length - line.trimStart().length;
  let [keys, shown, useless] = [0, 0, 0];
  let suggestion = '';
  let used = true;
  for (let at = start; at < line.length;) {
    const rest = line.slice(at);
    if (suggestion === '') {
      suggestion = above === '' && at === 0 ? '' : await suggest(model, document, above + line.slice(0, at));
      if (suggestion !== '') {
        shown++;
        if (!used) useless++;
        used = false;
      }
    }
    keys++;
    const word = WORD.exec(suggestion)?.[0] ?? '';
    if (suggestion === rest) {
      [at, used] = [line.length, true];
    } else if (word.length > 1 && word === WORD.exec(rest)?.[0]) {
      [at, suggestion, used] = [at + word.length, suggestion.slice(word.length), true];
    } else {
      suggestion = rest.startsWith(suggestion.slice(0, 1)) ? suggestion.slice(1) : '';
      at++;
    }
  }
  if (!used) useless++;
  return { characters: line.length - start, keys, shown, useless };
}

/** What the editor would show at the end of `text` by itself; empty: nothing. */
async function suggest(model: CompletionModel, document: Document, text: string): Promise<string> {
  const { prefix, suffix } = completionWindow(text, text.length);
  const request = {
    document: `${document.package}/${document.name}`,
    fileName: document.name,
    languageId: document.language,
    prefix,
    suffix,
    neighbors: [],
    trigger: 'automatic' as const,
  };
  const { text: suggested } = await completeLine(request, model, new CancelFlag());
  const shaped = suggested === null ? 'blank' : shapeSuggestion(suggested, prefix, suffix);
  return typeof shaped === 'string' ? '' : shaped.insertText.trimEnd();
}
