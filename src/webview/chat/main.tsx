import { render } from 'preact';
import { TokenRole } from '../../protocol/chat.ts';
import type { TokenColors } from '../../protocol/chat.ts';
import { App } from './app.tsx';
import { ask, listen } from './host.ts';
import { initialState, told } from './state.ts';

const place = document.querySelector('#app');
let state = initialState;
let isDue = false;

/** What arrives within a frame is shown at once. */
function show(): void {
  isDue = false;
  document.documentElement.lang = state.language;
  if (place !== null) render(<App state={state} ask={ask} />, place);
}

function colorTokens(colors: TokenColors): void {
  const { style } = document.documentElement;
  for (const role of TokenRole.options) {
    const color = colors[role];
    if (color === undefined) style.removeProperty(`--token-${role}`);
    else style.setProperty(`--token-${role}`, color);
  }
}

listen((message) => {
  state = told(state, message);
  if (message.type === 'colors') colorTokens(message.colors);
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(show);
});
ask({ type: 'ready' });
