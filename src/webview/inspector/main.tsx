import { render } from 'preact';
import { namePageLanguage } from '../ui/namePageLanguage.ts';
import { App } from './app.tsx';
import { ask, listen } from './host.ts';
import { initialState, told } from './state.ts';

const place = document.querySelector('#app');
let state = initialState;

listen((message) => {
  state = told(state, message);
  namePageLanguage(state.language);
  if (place !== null) render(<App state={state} ask={ask} />, place);
});
ask({ type: 'ready' });
