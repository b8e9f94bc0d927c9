import { TokenRole, type TokenColors } from '../../protocol/chat.ts';
import { contrast, normalColor } from './color.ts';
import type { ColorTheme, Rule } from './colorTheme.ts';

/** What grammars call a piece of code of each role; the first that a theme has a colour for counts. */
const SCOPES: Readonly<Record<TokenRole, readonly string[]>> = {
  keyword: ['keyword', 'keyword.control', 'storage.type', 'storage'],
  string: ['string.quoted.double', 'string'],
  comment: ['comment.line.double-slash', 'comment'],
  number: ['constant.numeric.decimal', 'constant.numeric'],
  function: ['entity.name.function', 'support.function', 'meta.function-call'],
  type: ['entity.name.type.class', 'entity.name.class', 'support.class', 'support.type'],
  variable: ['variable.other.readwrite', 'variable'],
  constant: ['constant.language', 'constant'],
  operator: ['keyword.operator'],
  tag: ['entity.name.tag'],
  attribute: ['entity.other.attribute-name'],
  regexp: ['string.regexp', 'string'],
};

/** The smallest contrast of text in high contrast: level AAA of the Web Content Accessibility Guidelines 2.2, 1.4.6. */
const HIGH_CONTRAST = 7;

/**
 * The colours that `theme` gives to code.
 * @param highContrastOn in high contrast, what the editor's background is where the theme doesn't say, #rrggbb: a
 *   colour that can't be read well enough on it is left out. Null: the theme is not one of high contrast.
 */
export function tokenColors(theme: ColorTheme, highContrastOn: string | null): TokenColors {
  const selectors = theme.rules.flatMap(selectorsOf);
  const background = normalColor(theme.editorBackground ?? '') ?? highContrastOn;
  const colors: TokenColors = {};
  for (const role of TokenRole.options) {
    const color = SCOPES[role].map((scope) => colorOf(scope, selectors)).find((found) => found !== null);
    if (color === undefined || color === null) continue;
    const isReadable =
      highContrastOn === null || background === null || contrast(color, background) >= HIGH_CONTRAST;
    if (isReadable) colors[role] = color;
  }
  return colors;
}

interface Selector {
  readonly scope: string;
  readonly color: string;
}

/** What a rule is about in any surroundings: a selector of several parts or with an exception is about some only. */
function selectorsOf({ scope = [], settings }: Rule): Selector[] {
  const color = normalColor(settings.foreground ?? '');
  if (color === null) return [];
  return (typeof scope === 'string' ? [scope] : scope)
    .flatMap((list) => list.split(','))
    .map((selector) => selector.trim())
    .filter((selector) => selector !== '' && !/\s/u.test(selector))
    .map((selector) => ({ scope: selector, color }));
}

/** Of the longest selector that `scope` begins with, the last one. */
function colorOf(scope: string, selectors: readonly Selector[]): string | null {
  let best: Selector | null = null;
  for (const selector of selectors) {
    const isAbout = scope === selector.scope || scope.startsWith(`${selector.scope}.`);
    if (isAbout && selector.scope.length >= (best?.scope.length ?? 0)) best = selector;
  }
  return best?.color ?? null;
}
