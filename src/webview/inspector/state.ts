import type { EngineView, RecordView, Strings, ToInspector } from '../../protocol/inspector.ts';

/** All the page knows; null: not told yet. */
export interface InspectorState {
  readonly language: string;
  readonly strings: Strings | null;
  readonly engine: EngineView | null;
  readonly skipped: string | null;
  readonly records: readonly RecordView[];
}

export const initialState: InspectorState = {
  language: 'en',
  strings: null,
  engine: null,
  skipped: null,
  records: [],
};

/** What the page knows after `message`. */
export function told(state: InspectorState, message: ToInspector): InspectorState {
  const { type: _type, ...news } = message;
  return { ...state, ...news };
}
