import { GemmaError } from '../protocol/errors.ts';

/** Longest event, in UTF-16 units: a few words, or at the end a summary. */
const MAX_EVENT_CHARS = 1_000_000;

export interface EventReader {
  /** @returns the data of the events that are complete with `text`. @throws GemmaError `protocol` when one is endless */
  push(text: string): string[];
  /** @returns the data of an event that no blank line ended */
  end(): string[];
}

/**
 * Server-sent events (WHATWG HTML 9.2) of which only the data matter. Lines end in LF, CRLF or CR; text may be cut
 * anywhere. Some servers say what went wrong in a field `error` of their own: that comes as the data `{"error": …}`.
 */
export function readEvents(): EventReader {
  let line: string[] = [];
  let data: string[] = [];
  let chars = 0;
  let afterReturn = false;

  const endLine = (events: string[]): void => {
    const text = line.join('');
    line = [];
    if (text === '') {
      if (data.length > 0) events.push(data.join('\n'));
      data = [];
      chars = 0;
      return;
    }
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /u, '');
    if (field === 'data') data.push(value);
    else if (field === 'error') data.push(`{"error":${value}}`);
    else chars -= text.length;
  };

  return {
    push(text) {
      const rest = afterReturn && text.startsWith('\n') ? text.slice(1) : text;
      if (text !== '') afterReturn = text.endsWith('\r');
      const events: string[] = [];
      const [first = '', ...others] = rest.split(/\r\n|[\n\r]/u);
      line.push(first);
      chars += first.length;
      for (const next of others) {
        endLine(events);
        line.push(next);
        chars += next.length;
      }
      if (chars > MAX_EVENT_CHARS)
        throw new GemmaError('protocol', 'The server sends an event without an end.');
      return events;
    },
    end() {
      const events: string[] = [];
      if (line.join('') !== '') endLine(events);
      endLine(events);
      return events;
    },
  };
}
