import { basename, resolve } from 'node:path';
import { shapeSuggestion } from '../completion/shaping.ts';
import type { ShapeRefusal } from '../completion/shaping.ts';
import { windowAround } from '../completion/windows.ts';
import type { NoSuggestionReason, RequestParams, RequestResult } from '../protocol/engine.ts';
import { withEngine } from './engine.ts';
import { completeHelp } from './help.ts';
import { languageOfFile } from './languageOfFile.ts';
import {
  backendOption,
  homeOption,
  modelOption,
  modelOptions,
  onlyPositional,
  readOptions,
} from './options.ts';
import { cursorIn, parsePosition } from './position.ts';
import { readLines } from './textFile.ts';

/** `complete FILE:LINE:COL`: what the editor would show there while typing. */
export async function complete(args: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(args, modelOptions);
  if (values.help) {
    process.stdout.write(completeHelp);
    return;
  }
  const position = parsePosition(onlyPositional(positionals, 'FILE:LINE:COL'));
  const backend = backendOption(values.backend);
  const lines = await readLines(position.file);
  const cursor = cursorIn(lines, position);
  const { prefix, suffix } = windowAround(
    { lineCount: lines.length, lineText: (line) => lines[line] ?? '' },
    cursor,
  );

  const result = await withEngine(homeOption(values.home), async (client) => {
    const model = values.model === undefined ? {} : { model: modelOption(values.model) };
    await client.call('load', { role: 'completion', ...model, backend });
    const request: RequestParams<'complete'> = {
      document: resolve(position.file),
      fileName: basename(position.file).slice(0, 256),
      languageId: languageOfFile(position.file),
      prefix,
      suffix,
      neighbors: [],
      trigger: 'invoked',
    };
    return client.call('complete', request);
  });
  const { text, reason } = shapedText(result, prefix, suffix);
  if (values.json) process.stdout.write(`${JSON.stringify(jsonOf(result, text, reason))}\n`);
  else if (text === null) process.stderr.write(`No suggestion: ${reason ?? 'nothing-to-complete'}.\n`);
  else process.stdout.write(`${text}\n`);
}

type Reason = NoSuggestionReason | ShapeRefusal;

/** The editor's last filter; what it refuses is not shown there either. */
function shapedText(
  result: RequestResult<'complete'>,
  prefix: string,
  suffix: string,
): { readonly text: string | null; readonly reason: Reason | null } {
  if (result.text === null) return { text: null, reason: result.reason };
  const shaped = shapeSuggestion(result.text, prefix, suffix);
  return typeof shaped === 'string'
    ? { text: null, reason: shaped }
    : { text: shaped.insertText, reason: null };
}

function jsonOf(result: RequestResult<'complete'>, text: string | null, reason: Reason | null): object {
  const { source, confidence, model, backend, promptTokens, cachedTokens, prefillMs, decodeMs, tokens } =
    result;
  const why = text === null ? { reason } : {};
  const timings = { promptTokens, cachedTokens, prefillMs, decodeMs, tokens };
  return { text, ...why, source, confidence, model, backend, ...timings };
}
