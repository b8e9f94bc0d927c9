import { TokenRole, type TokenColors } from '../../protocol/chat.ts';

/**
 * Gives code the colours of the theme. What the theme says nothing about is plain; where nobody knows the theme, the
 * style sheet has its own colours.
 */
export function showTokenColors(style: CSSStyleDeclaration, colors: TokenColors): void {
  const isKnown = Object.keys(colors).length > 0;
  for (const role of TokenRole.options) {
    if (isKnown) style.setProperty(`--token-${role}`, colors[role] ?? 'currentColor');
    else style.removeProperty(`--token-${role}`);
  }
}
