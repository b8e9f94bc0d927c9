import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { type ConversationSummary, Id } from '../chat/conversation.ts';
import { KnownConversations } from './knownConversations.ts';
import { OpenConversation } from './openConversation.ts';

const EXTENSION = '.jsonl';
/** Looked at between two turns of the event loop, so that a search of thousands never holds up the window. */
const AT_ONCE = 16;

/** All conversations of a person: a folder with a file for each. */
export class ConversationStore {
  readonly #folder: string;
  readonly #known = new KnownConversations();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param home folder of the extension's own storage */
  static async open(home: string): Promise<ConversationStore> {
    const folder = join(home, 'conversations');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new ConversationStore(folder);
  }

  /** The latest first; of those that hold `search` in their title or text, where it is given. */
  async list(search = '', signal?: AbortSignal): Promise<ConversationSummary[]> {
    const ids = (await readdir(this.#folder))
      .filter((name) => name.endsWith(EXTENSION))
      .map((name) => name.slice(0, -EXTENSION.length))
      .filter((id) => v.is(Id, id));
    const found: ConversationSummary[] = [];
    const wanted = search.toLocaleLowerCase();
    for (let start = 0; start < ids.length; start += AT_ONCE) {
      signal?.throwIfAborted();
      const some = await Promise.all(ids.slice(start, start + AT_ONCE).map((id) => this.#find(id, wanted)));
      found.push(...some.filter((summary) => summary !== null));
    }
    return found.sort((one, other) => other.time - one.time);
  }

  /** A file is made with the first question, not before. @throws GemmaError `disk-full` */
  async create(): Promise<OpenConversation> {
    const conversation = await OpenConversation.create((id) => this.#path(id));
    await flushFolder(this.#folder);
    return conversation;
  }

  /** @throws GemmaError `bad-input` when the file is damaged; ENOENT when another window deleted it */
  open(id: Id): Promise<OpenConversation> {
    return OpenConversation.open(this.#path(id));
  }

  async delete(id: Id): Promise<void> {
    this.#known.delete(id);
    await rm(this.#path(id), { force: true });
    await rm(`${this.#path(id)}.bad`, { force: true });
  }

  #path(id: Id): string {
    return join(this.#folder, `${id}${EXTENSION}`);
  }

  /** Null: not one of those looked for, or unreadable. */
  async #find(id: Id, wanted: string): Promise<ConversationSummary | null> {
    try {
      const { mtimeMs: time } = await stat(this.#path(id));
      const known = this.#known.get(id, time);
      if (known !== undefined && wanted === '') return known.summary;
      if (known !== undefined && known.text !== null)
        return known.text.includes(wanted) ? known.summary : null;
      const opened = await this.open(id);
      const { conversation } = opened;
      await opened.dispose();
      if (conversation.messages.length === 0) return null;
      const summary = { id, title: conversation.title, time };
      return this.#known.add(summary, conversation).includes(wanted) ? summary : null;
    } catch {
      return null;
    }
  }
}

/** A new name outlives a power cut only when its folder is flushed; Windows does so by itself. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
