import type { VNode } from 'preact';
import type { RecordView, Strings } from '../../protocol/inspector.ts';
import { fill } from '../texts.ts';
import type { Formats } from '../texts.ts';
import { Facts } from '../ui/facts.tsx';
import { ShownText } from '../ui/shownText.tsx';

export interface RecordListProps {
  /** Why the engine was not asked for the last keystroke. */
  readonly skipped: string | null;
  readonly records: readonly RecordView[];
  readonly strings: Strings;
  readonly formats: Formats;
}

/** What was suggested lately, or why nothing was, newest first. */
export function RecordList({ skipped, records, strings, formats }: RecordListProps): VNode {
  return (
    <section aria-labelledby="completions">
      <h2 id="completions">{strings.completions}</h2>
      {skipped !== null && <p class="skipped">{skipped}</p>}
      {records.length === 0 ? (
        <p class="empty">{strings.noCompletions}</p>
      ) : (
        <ol class="records">
          {records.map((record) => (
            <li key={record.id}>
              <Record record={record} strings={strings} formats={formats} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

interface RecordProps {
  readonly record: RecordView;
  readonly strings: Strings;
  readonly formats: Formats;
}

function Record({ record, strings, formats }: RecordProps): VNode {
  const { fileName, languageId, time, text, reason } = record;
  return (
    <details>
      <summary>
        <span class="where">
          <span class="file">
            <ShownText pieces={fileName} />
          </span>
          <span class="language">
            <ShownText pieces={languageId} />
          </span>
          <time dateTime={new Date(time).toISOString()}>{formats.time(time)}</time>
        </span>
        {text === null ? (
          <span class="reason">{reason === null ? strings.nothingSuggested : strings.reasons[reason]}</span>
        ) : (
          <code>
            <ShownText pieces={text} />
          </code>
        )}
        <span class="brief">{brief(record, strings, formats)}</span>
      </summary>
      <Facts rows={details(record, strings, formats)} />
    </details>
  );
}

function brief({ source, confidence, prefillMs, decodeMs }: RecordView, strings: Strings, formats: Formats) {
  const parts = [
    source === null ? null : strings.sources[source],
    confidence === null ? null : formats.percent(confidence),
    formats.milliseconds(prefillMs + decodeMs),
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

function details(record: RecordView, strings: Strings, formats: Formats): [string, string][] {
  const { source, confidence, promptTokens, cachedTokens, prefillMs, decodeMs, tokens } = record;
  const prompt = fill(strings.promptTokens, formats.count(promptTokens), formats.count(cachedTokens));
  return [
    ...(source === null ? [] : [[strings.source, strings.sources[source]] satisfies [string, string]]),
    ...(confidence === null
      ? []
      : [[strings.confidence, formats.percent(confidence)] satisfies [string, string]]),
    [strings.prompt, prompt],
    [strings.prefill, formats.milliseconds(prefillMs)],
    [strings.decode, formats.milliseconds(decodeMs)],
    [strings.tokens, formats.count(tokens)],
  ];
}
