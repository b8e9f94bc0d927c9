import { provideVSCodeDesignSystem, vsCodeButton, vsCodeProgressRing } from '@vscode/webview-ui-toolkit';
import { h } from 'preact';
import type { ComponentChild, ComponentChildren } from 'preact';

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeProgressRing());

export interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick: () => void;
  readonly disabled: boolean;
}

export function Button({ children, ...props }: ButtonProps): ComponentChild {
  return h('vscode-button', { appearance: 'secondary', ...props }, children);
}

/** Only for the eye: it would be announced as an alert. What goes on has to be said in words beside it. */
export function ProgressRing(): ComponentChild {
  return h('vscode-progress-ring', { 'aria-hidden': 'true' });
}
