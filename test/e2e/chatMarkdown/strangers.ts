import { piecesOf } from '../../../src/text/hiddenCharacters.ts';

/** Elements and what may stand on them. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  DIV: ['class', 'role', 'aria-labelledby', 'tabindex'],
  P: ['dir'],
  H3: ['dir'],
  H4: ['dir'],
  H5: ['dir'],
  H6: ['dir'],
  BLOCKQUOTE: [],
  UL: [],
  OL: ['start'],
  LI: ['dir', 'class'],
  TABLE: [],
  THEAD: [],
  TBODY: [],
  TR: [],
  TH: ['dir', 'scope', 'class'],
  TD: ['dir', 'class'],
  EM: [],
  STRONG: [],
  S: [],
  CODE: ['dir'],
  PRE: ['dir', 'tabindex'],
  BDI: ['class', 'dir', 'id'],
  SPAN: ['class'],
  HR: [],
  BR: [],
  BUTTON: ['type', 'class', 'title', 'aria-description', 'disabled'],
};

const VALUES: Readonly<Record<string, RegExp>> = {
  class:
    /^(markdown|table|task|link|address|image|hidden-character|align-(left|center|right)|code-(block|header|language|action)|token-[a-z]+)$/,
  role: /^group$/,
  id: /^P\d+-\d+$/,
  'aria-labelledby': /^P\d+-\d+$/,
  tabindex: /^0$/,
  dir: /^(auto|ltr)$/,
  start: /^\d{1,9}$/,
  scope: /^col$/,
  type: /^button$/,
  title: /^(https?:\/\/|mailto:)[!-~]*$/,
  'aria-description': /^(https?:\/\/|mailto:)[!-~]*$/,
  disabled: /^$/,
};

/** What should not be below `place`, where nothing but Markdown is shown. */
export function strangers(place: Element): string[] {
  const found: string[] = [];
  for (const element of place.querySelectorAll('*')) {
    const allowed = ALLOWED[element.tagName];
    if (allowed === undefined) found.push(element.tagName);
    for (const { name, value } of element.attributes)
      if (allowed?.includes(name) !== true || VALUES[name]?.test(value) !== true)
        found.push(`${element.tagName} ${name}="${value}"`);
  }
  for (const line of place.textContent.split('\n'))
    for (const piece of piecesOf(line)) if (typeof piece === 'number') found.push(`unseen ${piece}`);
  return found;
}
