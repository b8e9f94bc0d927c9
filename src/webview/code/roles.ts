import type { TokenRole } from '../../protocol/chat.ts';

/** Added and deleted lines have the editor's own colours; `plain` is code within a string. */
export type CodeClass = TokenRole | 'added' | 'deleted' | 'plain';

/** The highlighter's scopes; of a scope with parts ("title.function"), the longest that is known counts. */
const ROLES = new Map<string, CodeClass>([
  ['addition', 'added'],
  ['attr', 'variable'],
  ['attribute', 'attribute'],
  ['built_in', 'function'],
  ['bullet', 'constant'],
  ['char', 'constant'],
  ['code', 'string'],
  ['comment', 'comment'],
  ['deletion', 'deleted'],
  ['doctag', 'comment'],
  ['keyword', 'keyword'],
  ['link', 'string'],
  ['literal', 'constant'],
  ['meta', 'keyword'],
  ['meta string', 'string'],
  ['name', 'tag'],
  ['number', 'number'],
  ['operator', 'operator'],
  ['property', 'variable'],
  ['quote', 'comment'],
  ['regexp', 'regexp'],
  ['section', 'keyword'],
  ['selector-attr', 'attribute'],
  ['selector-class', 'attribute'],
  ['selector-id', 'attribute'],
  ['selector-pseudo', 'attribute'],
  ['selector-tag', 'tag'],
  ['string', 'string'],
  ['subst', 'plain'],
  ['symbol', 'constant'],
  ['template-tag', 'keyword'],
  ['template-variable', 'variable'],
  ['title', 'function'],
  ['title class_', 'type'],
  ['type', 'type'],
  ['variable', 'variable'],
  ['variable constant_', 'constant'],
  ['variable language_', 'keyword'],
]);

/**
 * @param classNames of an element that the highlighter made: "hljs-title", "class_"
 * @param grammar in markup, what it calls "attr" is an attribute; elsewhere it is a key or a parameter
 */
export function roleOf(classNames: readonly string[], grammar: string): CodeClass | null {
  const scope = classNames.map((name) => name.replace(/^hljs-/u, ''));
  if (scope[0] === 'attr' && grammar === 'xml') return 'attribute';
  return ROLES.get(scope.slice(0, 2).join(' ')) ?? ROLES.get(scope[0] ?? '') ?? null;
}
