import type { VNode } from 'preact';
import type { EngineView, FromInspector, Strings } from '../../protocol/inspector.ts';
import type { Formats } from '../texts.ts';
import { Button, ProgressRing } from '../ui/controls.ts';
import { Facts } from '../ui/facts.tsx';
import { ShownText } from '../ui/shownText.tsx';

export interface EnginePanelProps {
  readonly engine: EngineView;
  readonly strings: Strings;
  readonly formats: Formats;
  readonly ask: (message: FromInspector) => void;
}

/** How the engine is, and what can be done about it. */
export function EnginePanel({ engine, strings, formats, ask }: EnginePanelProps): VNode {
  const { state, sentence, progress, model, enabled, automatic } = engine;
  return (
    <section aria-labelledby="engine">
      <h2 id="engine">{strings.engine}</h2>
      <div class={`state ${state}`}>
        {state === 'busy' ? <ProgressRing /> : <span class="lamp" aria-hidden="true" />}
        <p role="status">
          <ShownText pieces={sentence} />
        </p>
        {progress !== null && <span class="percent">{formats.percent(progress)}</span>}
      </div>
      {progress !== null && <progress aria-label={strings.progress} value={progress} />}
      <Facts
        rows={[
          ...(model === null
            ? []
            : ([
                [strings.model, <ShownText pieces={model.name} />],
                ...(model.backend === null ? [] : ([[strings.backend, model.backend]] as const)),
                ...(model.quantization === null
                  ? []
                  : ([[strings.quantization, model.quantization]] as const)),
                ...(model.threads === null
                  ? []
                  : ([[strings.threads, formats.count(model.threads)]] as const)),
              ] as const)),
          [strings.automatic, automatic ? strings.on : strings.off],
        ]}
      />
      <div class="buttons">
        <Button disabled={!enabled} onClick={() => ask({ type: 'setAutomatic', automatic: !automatic })}>
          {automatic ? strings.turnAutomaticOff : strings.turnAutomaticOn}
        </Button>
        <Button disabled={!enabled} onClick={() => ask({ type: 'restartEngine' })}>
          {strings.restart}
        </Button>
      </div>
    </section>
  );
}
