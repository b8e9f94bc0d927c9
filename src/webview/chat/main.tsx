import { render } from 'preact';
import { showTokenColors } from '../code/showTokenColors.ts';
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

listen((message) => {
  state = told(state, message);
  if (message.type === 'colors') showTokenColors(document.documentElement.style, message.colors);
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(show);
});
ask({ type: 'ready' });
