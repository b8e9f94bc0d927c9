/**
 * What a server adds to the beginning it was given: some repeat that, some go on behind it.
 *
 * @returns takes the answer piece by piece and gives what is new
 */
export function withoutPrefill(prefill: string): { push(text: string): string; end(): string } {
  let held = '';
  let decided = prefill === '';
  return {
    push(text) {
      if (decided) return text;
      held += text;
      if (held.length < prefill.length && prefill.startsWith(held)) return '';
      decided = true;
      return held.startsWith(prefill) ? held.slice(prefill.length) : held;
    },
    end() {
      return decided ? '' : held;
    },
  };
}
