import type { RefObject, TargetedEvent, VNode } from 'preact';
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Choice, ComposerView, FromChat, ModelView, SlashCommandView } from '../../protocol/chat.ts';
import type { ChatStrings } from '../../protocol/chatStrings.ts';
import { fill } from '../texts.ts';
import type { Formats } from '../texts.ts';
import { visibleText } from '../ui/visibleText.tsx';
import { completed, completingAt } from './completing.ts';
import type { Completing } from './completing.ts';
import { droppedUris } from './dropped.ts';
import { Icon, IconButton } from './icons.tsx';
import { OfferList } from './offerList.tsx';
import type { Offer } from './offerList.tsx';

/** From here on the meter warns. */
const NEARLY_FULL = 0.8;
const OFFERS = 'offers';

export interface ComposerHandle {
  focus(): void;
  /** Puts `text` into the box. */
  fill(text: string): void;
}

export interface ComposerProps {
  readonly handle: RefObject<ComposerHandle | null>;
  readonly composer: ComposerView;
  readonly model: ModelView;
  readonly slashCommands: readonly SlashCommandView[];
  readonly choices: { readonly query: string; readonly choices: readonly Choice[] } | null;
  /** What the extension wants in the box. */
  readonly wanted: { readonly text: string; readonly focus: boolean } | null;
  readonly lastQuestion: string;
  readonly strings: ChatStrings;
  readonly formats: Formats;
  readonly ask: (message: FromChat) => void;
}

/** Where questions are written. */
export function Composer(props: ComposerProps): VNode {
  const { handle, composer, model, strings, ask, wanted, lastQuestion } = props;
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState('');
  const [completing, complete] = useState<Completing | null>(null);
  const [chosen, choose] = useState(0);
  const [isDropping, drop] = useState(false);
  const offers = completing === null ? [] : offersFor(completing, props);
  const isOffering = completing !== null;

  const change = (next: string, cursor = next.length): void => {
    setText(next);
    ask({ type: 'draft', text: next });
    const begun = completingAt(next, cursor);
    complete(begun);
    choose(0);
    if (begun?.kind === 'attachment') ask({ type: 'findAttachments', query: begun.query });
  };
  const put = (next: string, cursor = next.length): void => {
    change(next, cursor);
    requestAnimationFrame(() => {
      box.current?.focus();
      box.current?.setSelectionRange(cursor, cursor);
    });
  };
  useImperativeHandle(handle, () => ({ focus: () => box.current?.focus(), fill: put }));
  useEffect(() => {
    if (wanted === null) return;
    if (wanted.focus) put(wanted.text);
    else setText(wanted.text);
  }, [wanted]);
  useLayoutEffect(() => {
    const place = box.current;
    if (place === null) return;
    place.style.setProperty('height', 'auto');
    place.style.setProperty('height', `${place.scrollHeight}px`);
  }, [text]);

  const canSend = model.state === 'ready' || model.state === 'busy';
  const send = (): void => {
    if (text.trim() === '' || composer.running || !canSend) return;
    ask({ type: 'send', text });
    setText('');
    complete(null);
  };
  const take = (offer: Offer | undefined): void => {
    if (completing === null || offer === undefined) return;
    if (completing.kind === 'attachment') ask({ type: 'attach', id: offer.id });
    const next = completed(text, completing, completing.kind === 'command' ? `/${offer.label} ` : '');
    put(next.text, next.cursor);
    complete(null);
  };
  const onKeyDown = (event: TargetedEvent<HTMLTextAreaElement, KeyboardEvent>): void => {
    if (event.isComposing) return;
    const { key } = event;
    if (isOffering && offers.length > 0) {
      const step = key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : 0;
      if (step !== 0) choose((chosen + step + offers.length) % offers.length);
      else if (key === 'Enter' || key === 'Tab') take(offers[chosen]);
      else if (key === 'Escape') complete(null);
      else return;
      event.preventDefault();
      return;
    }
    if (key === 'ArrowUp' && text === '' && lastQuestion !== '') put(lastQuestion);
    else if (key === 'Enter' && !event.shiftKey) send();
    else if (key === 'Escape' && composer.running) ask({ type: 'stop' });
    else return;
    event.preventDefault();
  };
  return (
    <form
      class={isDropping ? 'composer dropping' : 'composer'}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => {
        event.preventDefault();
        drop(true);
      }}
      onDragLeave={() => drop(false)}
      onDrop={(event) => {
        event.preventDefault();
        drop(false);
        const uris = droppedUris(event.dataTransfer);
        if (uris.length > 0) ask({ type: 'drop', uris });
      }}
    >
      {isOffering && (
        <OfferList
          id={OFFERS}
          label={completing.kind === 'command' ? strings.slashCommands : strings.attachments}
          nothing={strings.nothingFound}
          offers={offers}
          chosen={chosen}
          onTake={take}
        />
      )}
      <div class="box">
        <Attachments {...props} />
        <textarea
          ref={box}
          rows={1}
          value={text}
          maxLength={100_000}
          placeholder={strings.askPlaceholder}
          aria-label={strings.ask}
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={OFFERS}
          aria-activedescendant={isOffering && offers.length > 0 ? `${OFFERS}-${chosen}` : undefined}
          onInput={({ currentTarget }) => change(currentTarget.value, currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
          onBlur={() => complete(null)}
        />
        <div class="box-actions">
          <IconButton
            icon="attach"
            name={strings.attach}
            onClick={() => put(`${text}${text === '' || /\s$/u.test(text) ? '' : ' '}#`)}
          />
          <button
            type="button"
            class={`model ${model.state}`}
            title={model.sentence}
            onClick={() => ask({ type: 'pickModel' })}
          >
            <Icon name="chip" />
            <bdi>{model.name === '' ? strings.chooseModel : visibleText(model.name)}</bdi>
          </button>
          <Meter {...props} />
          {composer.running ? (
            <IconButton icon="stop" name={strings.stop} onClick={() => ask({ type: 'stop' })} />
          ) : (
            <IconButton
              icon="send"
              name={strings.send}
              disabled={text.trim() === '' || !canSend}
              onClick={send}
            />
          )}
        </div>
      </div>
      {isDropping && (
        <p class="drop-hint" aria-hidden="true">
          {strings.dropHere}
        </p>
      )}
    </form>
  );
}

function offersFor(completing: Completing, { slashCommands, choices }: ComposerProps): Offer[] {
  if (completing.kind === 'command') {
    return slashCommands
      .filter(({ name }) => name.startsWith(completing.query))
      .map(({ name, detail }) => ({ id: name, label: name, detail }));
  }
  return (choices?.choices ?? []).map(({ id, label, detail }) => ({ id, label, detail }));
}

function Attachments({ composer, strings, formats, ask }: ComposerProps): VNode | null {
  if (composer.attachments.length === 0) return null;
  return (
    <ul class="chips" aria-label={strings.attachments}>
      {composer.attachments.map(({ id, label, tokens }) => (
        <li class="chip" key={id}>
          <bdi>
            {visibleText(
              tokens === null ? label : fill(strings.attachmentTokens, label, formats.count(tokens)),
            )}
          </bdi>
          <IconButton
            icon="close"
            name={fill(strings.removeAttachment, label)}
            onClick={() => ask({ type: 'detach', id })}
          />
        </li>
      ))}
    </ul>
  );
}

/** How much of the model's context the next question takes. */
function Meter({ composer: { context }, strings, formats }: ComposerProps): VNode {
  if (context === null) return <span class="meter" />;
  const { tokens, limit } = context;
  const share = limit === 0 ? 1 : Math.min(1, tokens / limit);
  const words = fill(strings.contextUse, formats.count(tokens), formats.count(limit));
  return (
    <span class="meter" title={words}>
      <span
        role="meter"
        aria-label={words}
        aria-valuemin={0}
        aria-valuemax={limit}
        aria-valuenow={Math.min(tokens, limit)}
        class={share >= NEARLY_FULL ? 'nearly-full' : ''}
      >
        {formats.percent(share)}
      </span>
    </span>
  );
}
