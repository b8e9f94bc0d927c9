import { render } from 'preact';
import type { ToChat } from '../../protocol/chat.ts';
import { showTokenColors } from '../code/showTokenColors.ts';
import { namePageLanguage } from '../ui/namePageLanguage.ts';
import { App } from './app.tsx';
import { ask, listen } from './host.ts';
import { initialState, told } from './state.ts';

const place = document.querySelector('#app');
let state = initialState;
let isScheduled = false;

/** However many pieces of text arrive, they are shown once per frame. */
function receive(message: ToChat): void {
  state = told(state, message);
  if (message.type === 'colors') showTokenColors(document.documentElement.style, message.colors);
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(show);
}

function show(): void {
  isScheduled = false;
  namePageLanguage(state.language);
  if (place !== null) render(<App state={state} ask={ask} fillBox={fillBox} />, place);
}

function fillBox(text: string): void {
  receive({ type: 'draft', text, focus: true });
}

listen(receive);
ask({ type: 'ready' });
