const CLOSERS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const ANGLE_CLOSERS: Readonly<Record<string, string>> = { ...CLOSERS, '<': '>' };
const QUOTES = '"\'`';

/** An open string hides the brackets in it, so it must outweigh what it hides. */
const OPEN_STRING = 2;

export interface Balance {
  /** Brackets without a partner, plus a weight for a string that isn't closed. */
  readonly imbalance: number;
  readonly openString: boolean;
}

/** How far `line` is from having every bracket and quote closed. `angles`: also < and >, but for arrows. */
export function balanceOf(line: string, options: { quotes: boolean; angles: boolean }): Balance {
  const closers = options.angles ? ANGLE_CLOSERS : CLOSERS;
  const expected: string[] = [];
  let unmatched = 0;
  let quote = '';
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index);
    if (quote !== '') {
      if (char === '\\') index++;
      else if (char === quote) quote = '';
    } else if (options.quotes && QUOTES.includes(char) && !isApostrophe(line, index)) {
      quote = char;
    } else if (Object.hasOwn(closers, char)) {
      expected.push(closers[char] ?? '');
    } else if (Object.values(closers).includes(char) && !isArrow(line, index)) {
      if (expected.at(-1) === char) expected.pop();
      else unmatched++;
    }
  }
  const openString = quote !== '';
  return { imbalance: unmatched + expected.length + (openString ? OPEN_STRING : 0), openString };
}

/** "don't", "user's". */
function isApostrophe(line: string, index: number): boolean {
  return line.charAt(index) === "'" && /^\p{L}'\p{L}/u.test(line.slice(Math.max(0, index - 1), index + 2));
}

function isArrow(line: string, index: number): boolean {
  return line.charAt(index) === '>' && '=-'.includes(line.charAt(index - 1) || ' ');
}
