import { common, createLowlight } from 'lowlight';
import type { ComponentChildren } from 'preact';
import { visibleLines } from '../ui/visibleText.tsx';
import { roleOf } from './roles.ts';

/** UTF-16 units; more takes longer than a person should wait for colours. */
const MAX_HIGHLIGHTED = 50_000;

type Lowlight = ReturnType<typeof createLowlight>;
type Node = ReturnType<Lowlight['highlight']>['children'][number];

let lowlight: Lowlight | null = null;

/**
 * Code as elements whose classes say what each piece is; as plain text where there is no grammar for it.
 * @param grammar the highlighter's name of the language
 */
export function highlighted(code: string, grammar: string | null): ComponentChildren {
  if (grammar === null || code.length > MAX_HIGHLIGHTED) return visibleLines(code);
  // Making the grammars takes some milliseconds: not before there is code.
  lowlight ??= createLowlight(common);
  return lowlight.highlight(grammar, code).children.map((node) => render(node, grammar));
}

function render(node: Node, grammar: string): ComponentChildren {
  if (node.type === 'text') return visibleLines(node.value);
  if (node.type !== 'element') return null;
  const children = node.children.map((child) => render(child, grammar));
  const { className } = node.properties;
  const role = roleOf(Array.isArray(className) ? className.map(String) : [], grammar);
  return role === null ? children : <span class={`token-${role}`}>{children}</span>;
}
