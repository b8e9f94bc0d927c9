import { piecesOf } from '../../text/hiddenCharacters.ts';
import type { EngineView, RecordView, Shown } from '../../protocol/inspector.ts';
import type { EngineStatus } from '../engine.ts';
import { isRemote } from '../remote/remoteModelInfo.ts';
import type { StatusName } from '../statusView.ts';
import type { CompletionRecord } from './records.ts';

/** Longer texts are cut: nobody reads them in a sidebar. In UTF-16 units. */
const MAX_CHARS = 400;

export interface EngineFacts {
  readonly name: StatusName;
  readonly status: EngineStatus;
  readonly sentence: string;
  /** The loaded model, as people call it. */
  readonly modelName: string;
  readonly enabled: boolean;
  readonly automatic: boolean;
}

const states: Record<StatusName, EngineView['state']> = {
  loading: 'busy',
  // Too short to be worth a flicker: what it gives is listed.
  working: 'ready',
  ready: 'ready',
  off: 'off',
  'language-off': 'off',
  snoozed: 'off',
  'on-battery': 'off',
  error: 'error',
};

/** The engine as the page shows it. */
export function engineView({ name, status, sentence, modelName, ...switches }: EngineFacts): EngineView {
  return {
    state: states[name],
    sentence: shown(sentence),
    progress: 'fraction' in status ? status.fraction : null,
    model: modelView(status, modelName),
    ...switches,
  };
}

function modelView(status: EngineStatus, modelName: string): EngineView['model'] {
  if (status.name !== 'ready' && status.name !== 'working') return null;
  const { model } = status;
  const { backend, quantization, threads } = isRemote(model)
    ? { backend: null, quantization: null, threads: null }
    : model;
  return { name: shown(modelName), backend, quantization, threads };
}

/** A completion as the page shows it. */
export function recordView(record: CompletionRecord): RecordView {
  const { model: _model, backend: _backend, fileName, languageId, text, ...rest } = record;
  return {
    ...rest,
    fileName: shown(fileName),
    languageId: shown(languageId),
    text: text === null ? null : shown(text),
  };
}

function shown(text: string): Shown {
  if (text.length <= MAX_CHARS) return piecesOf(text);
  const cut = text.slice(0, MAX_CHARS).replace(/[\uD800-\uDBFF]$/u, '');
  return [...piecesOf(cut), '…'];
}
