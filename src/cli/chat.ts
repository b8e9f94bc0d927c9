import { createInterface } from 'node:readline';
import { text as readText } from 'node:stream/consumers';
import { GemmaError, toGemmaError } from '../protocol/errors.ts';
import { Conversation } from './conversation.ts';
import { withEngine } from './engine.ts';
import { chatHelp } from './help.ts';
import {
  backendOption,
  homeOption,
  modelOption,
  onlyPositional,
  readOptions,
  sharedOptions,
} from './options.ts';

const options = {
  ...sharedOptions,
  model: { type: 'string' },
  backend: { type: 'string', default: 'auto' },
  system: { type: 'string', default: '' },
} as const;

/** As shells report a program that Ctrl+C ended. */
const INTERRUPTED = 130;
/** What a terminal would obey instead of showing. */
// oxlint-disable-next-line no-control-regex -- these are meant
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;

/** `chat [QUESTION]`: the model's answer, and in a terminal a conversation. */
export async function chat(args: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(args, options);
  if (values.help) {
    process.stdout.write(chatHelp);
    return;
  }
  const backend = backendOption(values.backend);
  const load = {
    role: 'chat',
    ...(values.model === undefined ? {} : { model: modelOption(values.model) }),
    backend,
  } as const;
  const isTalk = positionals.length === 0 && process.stdin.isTTY;
  const question = isTalk ? '' : await questionFrom(positionals);
  await withEngine(homeOption(values.home), async (client) => {
    const conversation = await Conversation.start(client, load, values.system);
    await (isTalk ? talk(conversation) : askOnce(conversation, question));
  });
}

/** @throws GemmaError `bad-input` when there is none */
async function questionFrom(positionals: readonly string[]): Promise<string> {
  const question =
    positionals.length > 0 ? onlyPositional(positionals, 'QUESTION') : await readText(process.stdin);
  if (question.trim() !== '') return question;
  throw new GemmaError('bad-input', 'There is no question; see --help.');
}

/** Ctrl+C stops the answer and with it the program. */
async function askOnce(conversation: Conversation, question: string): Promise<void> {
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort();
  process.once('SIGINT', onInterrupt);
  try {
    await answer(conversation, question, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = INTERRUPTED;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** Line by line. Ctrl+C stops an answer; without one it ends the conversation, as Ctrl+D does. */
async function talk(conversation: Conversation): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' });
  let stop: AbortController | null = null;
  let isOver = false;
  lines.once('close', () => (isOver = true));
  lines.on('SIGINT', () => {
    if (stop === null || stop.signal.aborted) lines.close();
    else stop.abort();
  });
  lines.prompt();
  for await (const question of lines) {
    if (question.trim() !== '') {
      stop = new AbortController();
      await answer(conversation, question, stop.signal).catch((error: unknown) => {
        const { code, message } = toGemmaError(error);
        if (code !== 'cancelled') process.stderr.write(`${message}\n`);
      });
      stop = null;
    }
    if (!isOver) lines.prompt();
  }
}

/** @throws GemmaError as Conversation.ask */
async function answer(conversation: Conversation, question: string, signal: AbortSignal): Promise<void> {
  try {
    const { ended } = await conversation.ask(question, show, signal);
    if (ended !== 'stop') process.stderr.write('\nThe answer ends here: the context of the model is full.');
  } finally {
    process.stdout.write('\n');
  }
}

function show(text: string): void {
  process.stdout.write(text.replaceAll(CONTROLS, '\uFFFD'));
}
