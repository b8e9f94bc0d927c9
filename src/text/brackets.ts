const closerOf: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const closers = new Set([')', ']', '}']);
const quotes = new Set(['"', "'", '`']);

/**
 * Brackets that are open at the end of `text`, as the closers they wait for, innermost last. Quoted text on one line
 * is skipped. A rough scan, good enough to refuse what nobody wants: it never has to prove a program right.
 */
export function openBrackets(text: string): string[] {
  const open: string[] = [];
  scanBrackets(text, (character) => {
    const closer = closerOf[character];
    if (closer !== undefined) open.push(closer);
    else if (open.at(-1) === character) open.pop();
  });
  return open;
}

/** Whether `continuation` closes a bracket of another kind than the innermost one open. */
export function closesWrongBracket(open: readonly string[], continuation: string): boolean {
  const stack = [...open];
  let wrong = false;
  scanBrackets(continuation, (character) => {
    const closer = closerOf[character];
    if (closer !== undefined) stack.push(closer);
    // The window may begin inside a block, so an empty stack proves nothing.
    else if (stack.length > 0 && stack.pop() !== character) wrong = true;
  });
  return wrong;
}

function scanBrackets(text: string, visit: (character: string) => void): void {
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '\n') quote = '';
    else if (quote !== '') {
      if (character === '\\') i++;
      else if (character === quote) quote = '';
    } else if (quotes.has(character)) quote = character;
    else if (closerOf[character] !== undefined || closers.has(character)) visit(character);
  }
}
