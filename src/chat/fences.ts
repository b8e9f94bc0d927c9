const FENCE = /^[ \t]*(`{3,}|~{3,})/gmu;

/** `text` as a Markdown code block whose fence is longer than any fence inside. */
export function fenced(text: string, info = ''): string {
  let length = 3;
  for (const [, fence = ''] of text.matchAll(FENCE)) length = Math.max(length, fence.length + 1);
  const fence = '`'.repeat(length);
  return `${fence}${info}\n${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${fence}`;
}
