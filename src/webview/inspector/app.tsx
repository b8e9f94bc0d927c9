import type { VNode } from 'preact';
import type { FromInspector } from '../../protocol/inspector.ts';
import { EnginePanel } from './enginePanel.tsx';
import { RecordList } from './recordList.tsx';
import type { InspectorState } from './state.ts';
import { Formats } from '../texts.ts';

export interface AppProps {
  readonly state: InspectorState;
  readonly ask: (message: FromInspector) => void;
}

/** The page, as far as it has been told what to show. */
export function App({ state, ask }: AppProps): VNode | null {
  const { strings, engine, skipped, records, language } = state;
  if (strings === null || engine === null) return null;
  const formats = new Formats(language);
  return (
    <main>
      <EnginePanel engine={engine} strings={strings} formats={formats} ask={ask} />
      <RecordList skipped={skipped} records={records} strings={strings} formats={formats} />
    </main>
  );
}
