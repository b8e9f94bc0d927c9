import { randomUUID } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { appendFile, stat, utimes } from 'node:fs/promises';
import * as v from 'valibot';
import type {
  AnswerEnd,
  AnswerStatistics,
  Conversation,
  Id,
  Message,
  Question,
} from '../chat/conversation.ts';
import { Folding, Header, Record, RECORDS_VERSION } from '../chat/records.ts';
import { GemmaError } from '../protocol/errors.ts';
import { LineFile, type ReadLines, readLinesFrom } from './lineFile.ts';

/** What streams in is saved this often. */
const SAVE_MS = 1_000;
/** A window that writes an answer touches the file this often; without a word for longer than that, it is gone. */
const TOUCH_MS = 3_000;
const GONE_MS = 4 * TOUCH_MS;

/** An answer that is being written. */
export interface AnswerWriter {
  readonly id: Id;
  push(text: string, thought: string): void;
  /** Resolves when the whole answer is saved. @throws GemmaError `disk-full` */
  end(end: AnswerEnd, rest?: { error?: string; statistics?: AnswerStatistics }): Promise<void>;
}

/** One conversation: what the file says, as this and other windows write it. */
export class OpenConversation {
  readonly id: Id;
  readonly #file: LineFile;
  readonly #onChange = new Set<() => void>();
  readonly #writing = new Set<Id>();
  #folding: Folding;
  #next = 0;
  #changed = 0;
  #watcher: FSWatcher | null = null;
  #poll: NodeJS.Timeout | null = null;
  #reading: Promise<void> = Promise.resolve();

  private constructor(file: LineFile, header: Header) {
    this.id = header.id;
    this.#file = file;
    this.#folding = new Folding(header);
  }

  /** @throws GemmaError `bad-input` when the file is not a conversation */
  static async open(path: string): Promise<OpenConversation> {
    const read = await readLinesFrom(path, 0);
    const header = parseHeader(read.lines);
    if (header === null) throw new GemmaError('bad-input', `${path} is not a conversation.`);
    const conversation = new OpenConversation(new LineFile(path), header);
    await conversation.#take(read);
    return conversation;
  }

  /** @throws GemmaError `disk-full` */
  static async create(path: (id: Id) => string): Promise<OpenConversation> {
    const header: Header = {
      type: 'conversation',
      version: RECORDS_VERSION,
      id: randomUUID(),
      created: Date.now(),
    };
    const file = new LineFile(path(header.id));
    await file.append([JSON.stringify(header)]);
    const conversation = new OpenConversation(file, header);
    await conversation.#read();
    return conversation;
  }

  /** Written by a later version: may only be read. */
  get isReadOnly(): boolean {
    return this.#folding.header.version > RECORDS_VERSION;
  }

  get conversation(): Conversation {
    const { messages, ...rest } = this.#folding.conversation;
    const isGone = Date.now() - this.#changed > GONE_MS;
    return { ...rest, messages: messages.map((message) => (isGone ? this.#settled(message) : message)) };
  }

  /** Calls `listener` when another window wrote, until disposed. */
  onChange(listener: () => void): { dispose(): void } {
    this.#onChange.add(listener);
    this.#follow();
    return {
      dispose: () => {
        this.#onChange.delete(listener);
      },
    };
  }

  /** Resolves when the question is saved. @throws GemmaError `disk-full` */
  async ask(question: Question): Promise<void> {
    await this.#write([{ type: 'question', question }]);
  }

  /** Of a question. @throws GemmaError `disk-full` */
  async beginAnswer(model: string, question: Id): Promise<AnswerWriter> {
    const id = randomUUID();
    await this.#write([{ type: 'answer', id, question, time: Date.now(), model }]);
    this.#writing.add(id);
    let unsaved = { text: '', thought: '' };
    /** Saves what came since; what can't be saved now is tried again with the next. */
    const save = async (...more: Record[]): Promise<void> => {
      const part = unsaved;
      unsaved = { text: '', thought: '' };
      const isEmpty = part.text === '' && part.thought === '';
      try {
        await this.#write([...(isEmpty ? [] : [{ type: 'text' as const, id, ...part }]), ...more]);
      } catch (error) {
        unsaved = { text: part.text + unsaved.text, thought: part.thought + unsaved.thought };
        throw error;
      }
    };
    const saving = setInterval(() => void save().catch(() => undefined), SAVE_MS);
    const touching = setInterval(() => void this.#touch(), TOUCH_MS);
    return {
      id,
      push: (text, thought) => {
        unsaved = { text: unsaved.text + text, thought: unsaved.thought + thought };
      },
      end: async (end, rest = {}) => {
        clearInterval(saving);
        clearInterval(touching);
        try {
          await save({ type: 'end', id, end, ...rest });
        } finally {
          this.#writing.delete(id);
        }
      },
    };
  }

  /** Takes away message `from` and all after it. @throws GemmaError `disk-full` */
  async cut(from: Id): Promise<void> {
    await this.#write([{ type: 'cut', from }]);
  }

  /** @throws GemmaError `disk-full` */
  async rename(title: string): Promise<void> {
    await this.#write([{ type: 'title', title }]);
  }

  async dispose(): Promise<void> {
    this.#onChange.clear();
    this.#watcher?.close();
    if (this.#poll !== null) clearInterval(this.#poll);
    await this.#reading;
    await this.#file.close();
  }

  async #write(records: readonly Record[]): Promise<void> {
    if (this.isReadOnly) {
      throw new GemmaError(
        'bad-input',
        'A later version of Gemma Code wrote this conversation; it can only be read.',
      );
    }
    if (records.length === 0) return;
    await this.#file.append(records.map((record) => JSON.stringify(record)));
    await this.#read();
  }

  /** Takes in what the file has got since; our own lines come back this way as well, in the order of the file. */
  #read(): Promise<void> {
    const read = this.#reading.then(async () => this.#take(await readLinesFrom(this.#file.path, this.#next)));
    this.#reading = read.catch(() => undefined);
    return read;
  }

  async #take({ lines, next }: ReadLines): Promise<void> {
    const { path } = this.#file;
    this.#next = next;
    this.#changed = (await stat(path)).mtimeMs;
    const bad: string[] = [];
    for (const line of lines) {
      const record = parseRecord(line);
      if (record === null) bad.push(line);
      else this.#folding.add(record);
    }
    if (bad.length > 0) await setAside(`${path}.bad`, bad);
  }

  /** Nobody goes on with an answer whose writer is gone. */
  #settled(message: Message): Message {
    if (message.role === 'user' || message.end !== null || this.#writing.has(message.id)) return message;
    return { ...message, end: 'interrupted' };
  }

  async #touch(): Promise<void> {
    const now = new Date();
    await utimes(this.#file.path, now, now).catch(() => undefined);
  }

  /** Where a file system tells of no changes, looking at it does. */
  #follow(): void {
    if (this.#poll !== null) return;
    let size = this.#next;
    const look = async (): Promise<void> => {
      await this.#read().catch(() => undefined);
      if (this.#next === size) return;
      size = this.#next;
      for (const listener of this.#onChange) listener();
    };
    this.#poll = setInterval(() => void look(), TOUCH_MS);
    this.#poll.unref();
    try {
      this.#watcher = watch(this.#file.path, { persistent: false }, () => void look());
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // The clock above is enough.
    }
  }
}

/** Of a file whose first line may be damaged: the first line that is a header. */
function parseHeader(lines: readonly string[]): Header | null {
  for (const line of lines) {
    const parsed = v.safeParse(Header, parseJson(line));
    if (parsed.success) return parsed.output;
  }
  return null;
}

/** Null: not a record. */
function parseRecord(line: string): Record | null {
  const { success, output } = v.safeParse(Record, parseJson(line));
  return success ? output : null;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function setAside(path: string, lines: readonly string[]): Promise<void> {
  const known = new Set(
    await readLinesFrom(path, 0).then(
      ({ lines: old }) => old,
      () => [],
    ),
  );
  const fresh = lines.filter((line) => !known.has(line));
  if (fresh.length > 0) await appendFile(path, `${fresh.join('\n')}\n`, { mode: 0o600 });
}
