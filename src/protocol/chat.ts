import * as v from 'valibot';
import { ChatStrings } from './chatStrings.ts';

/**
 * The contract between the extension and the chat page. Both sides validate with the schemas below. The page names
 * messages and code blocks by id and index; the extension holds their text. The one text that the page sends is what
 * the person typed.
 */

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const milliseconds = v.pipe(v.number(), v.minValue(0));
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
/** Milliseconds since 1970. */
const time = v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15));
const label = v.pipe(v.string(), v.maxLength(500));
const id = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/u));

/** Longest text a person may send, in UTF-16 units. */
export const MAX_QUESTION_CHARS = 100_000;
const MAX_TITLE_CHARS = 200;
const MAX_DROPPED = 20;

const typed = v.pipe(v.string(), v.maxLength(MAX_QUESTION_CHARS));

/** What a piece of code is, as far as themes colour it. */
export const TokenRole = v.picklist([
  'keyword',
  'string',
  'comment',
  'number',
  'function',
  'type',
  'variable',
  'constant',
  'operator',
  'tag',
  'attribute',
  'regexp',
]);
export type TokenRole = v.InferOutput<typeof TokenRole>;

/** #rrggbb or #rrggbbaa; a role that the theme says nothing about has the colour of plain text. */
const Color = v.pipe(v.string(), v.regex(/^#(?:[\da-f]{6}|[\da-f]{8})$/iu));
export const TokenColors = v.record(TokenRole, v.optional(Color));
export type TokenColors = v.InferOutput<typeof TokenColors>;

export const ModelView = v.object({
  /** `none`: no model that can chat is chosen; `busy`: being imported or loaded. */
  state: v.picklist(['none', 'busy', 'ready', 'error']),
  /** For people; empty: none is chosen. */
  name: label,
  /** Where its text goes; absent: it stays on this machine. */
  host: v.optional(label),
  /** One sentence: what it does, or what to do. */
  sentence: label,
  /** Of a step that takes long; null: nobody knows. */
  progress: v.nullable(fraction),
});
export type ModelView = v.InferOutput<typeof ModelView>;

export const AttachmentKindView = v.picklist([
  'selection',
  'file',
  'outline',
  'problems',
  'changes',
  'terminal',
  'definition',
]);
export const AttachmentView = v.object({ id, kind: AttachmentKindView, label, tokens: v.nullable(count) });
export type AttachmentView = v.InferOutput<typeof AttachmentView>;

export const QuestionView = v.object({
  role: v.literal('user'),
  id,
  time,
  text: v.string(),
  attachments: v.array(v.object({ kind: AttachmentKindView, label })),
});
export type QuestionView = v.InferOutput<typeof QuestionView>;

export const AnswerView = v.object({
  role: v.literal('model'),
  id,
  time,
  /** Markdown. */
  text: v.string(),
  thought: v.string(),
  end: v.picklist(['writing', 'stop', 'limit', 'context', 'cancelled', 'interrupted', 'failed']),
  /** Of `failed`, for people. */
  error: v.nullable(v.string()),
  model: label,
  /** What goes on before the first word, where it takes several steps: "part 3 of 12". */
  progress: v.nullable(label),
  statistics: v.nullable(
    v.object({
      promptTokens: count,
      cachedTokens: count,
      tokens: count,
      prefillMs: milliseconds,
      decodeMs: milliseconds,
    }),
  ),
});
export type AnswerView = v.InferOutput<typeof AnswerView>;

export const MessageView = v.variant('role', [QuestionView, AnswerView]);
export type MessageView = v.InferOutput<typeof MessageView>;

export const ConversationView = v.object({
  /** Null: a new one that nobody has written in. */
  id: v.nullable(id),
  title: label,
  /** Another window writes in it: it may be read here. */
  readOnly: v.boolean(),
  messages: v.array(MessageView),
});
export type ConversationView = v.InferOutput<typeof ConversationView>;

/** A conversation in the list, the latest first. */
export const ConversationEntry = v.object({ id, title: label, time });
export type ConversationEntry = v.InferOutput<typeof ConversationEntry>;

export const ComposerView = v.object({
  /** What will go with the next question. */
  attachments: v.array(AttachmentView),
  /** Of what the next question would send, in tokens; null: not counted yet, or no model. */
  context: v.nullable(v.object({ tokens: count, limit: count })),
  /** An answer is being written. */
  running: v.boolean(),
});
export type ComposerView = v.InferOutput<typeof ComposerView>;

/** Something that can be attached. */
export const Choice = v.object({ id, kind: AttachmentKindView, label, detail: label });
export type Choice = v.InferOutput<typeof Choice>;

/** What follows a slash at the start of a question. */
export const SlashCommandView = v.object({ name: v.pipe(v.string(), v.regex(/^[a-z]+$/u)), detail: label });
export type SlashCommandView = v.InferOutput<typeof SlashCommandView>;

/** What the extension tells the chat page. */
export const ToChat = v.variant('type', [
  /** First of all. `language` is a BCP 47 tag. */
  v.object({
    type: v.literal('strings'),
    language: label,
    strings: ChatStrings,
    slashCommands: v.array(SlashCommandView),
  }),
  v.object({ type: v.literal('colors'), colors: TokenColors }),
  v.object({ type: v.literal('model'), model: ModelView }),
  /** `search`: what the list was searched for; empty: all. */
  v.object({ type: v.literal('conversations'), search: v.string(), entries: v.array(ConversationEntry) }),
  v.object({ type: v.literal('conversation'), conversation: ConversationView }),
  /** Added to the shown conversation, or in the place of the one with its id. */
  v.object({ type: v.literal('message'), message: MessageView }),
  /** To be added to the end of an answer that is being written. */
  v.object({ type: v.literal('text'), id, thought: v.string(), answer: v.string() }),
  v.object({ type: v.literal('composer'), composer: ComposerView }),
  /** Answers `findAttachments`. */
  v.object({ type: v.literal('choices'), query: v.string(), choices: v.array(Choice) }),
  /** To be put into the box where questions are typed; null: it stays. `focus`: the person wants to go on there. */
  v.object({ type: v.literal('draft'), text: v.nullable(typed), focus: v.boolean() }),
]);
export type ToChat = v.InferOutput<typeof ToChat>;

/** What can be done with a code block. */
export const BlockAction = v.picklist(['copy', 'insert', 'apply', 'newFile']);
export type BlockAction = v.InferOutput<typeof BlockAction>;

/** What the chat page asks of the extension. */
export const FromChat = v.variant('type', [
  /** The page listens now and knows nothing. */
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('send'), text: typed }),
  v.object({ type: v.literal('stop') }),
  /** Asks question `id` with another text; all that came after it goes. */
  v.object({ type: v.literal('resend'), id, text: typed }),
  /** Writes answer `id`, the last one, anew. */
  v.object({ type: v.literal('regenerate'), id }),
  v.object({ type: v.literal('newConversation') }),
  v.object({ type: v.literal('openConversation'), id }),
  v.object({
    type: v.literal('renameConversation'),
    id,
    title: v.pipe(v.string(), v.maxLength(MAX_TITLE_CHARS)),
  }),
  /** The extension asks before it does. */
  v.object({ type: v.literal('deleteConversation'), id }),
  v.object({ type: v.literal('searchConversations'), text: v.pipe(v.string(), v.maxLength(500)) }),
  v.object({ type: v.literal('copyMessage'), id }),
  /** As Markdown: to the clipboard, to a file. */
  v.object({ type: v.literal('copyConversation') }),
  v.object({ type: v.literal('exportConversation') }),
  /** `index` counts the fenced and indented code blocks of the message from 0; see text/markdown.ts. */
  v.object({ type: v.literal('block'), action: BlockAction, id, index: count }),
  /** The extension shows it in full and asks before it opens a browser. */
  v.object({ type: v.literal('openLink'), url: v.pipe(v.string(), v.maxLength(4_096)) }),
  /** What stands in the box: it is counted, and kept. */
  v.object({ type: v.literal('draft'), text: typed }),
  /** For what follows a `#`. */
  v.object({ type: v.literal('findAttachments'), query: v.pipe(v.string(), v.maxLength(200)) }),
  v.object({ type: v.literal('attach'), id }),
  v.object({ type: v.literal('detach'), id }),
  /** URIs that were dropped on the page. */
  v.object({
    type: v.literal('drop'),
    uris: v.pipe(v.array(v.pipe(v.string(), v.maxLength(4_096))), v.maxLength(MAX_DROPPED)),
  }),
  v.object({ type: v.literal('pickModel') }),
  /** To have one that can chat. */
  v.object({ type: v.literal('getModel') }),
  /** Everything that was sent for answer `id`, in an editor. */
  v.object({ type: v.literal('showSent'), id }),
]);
export type FromChat = v.InferOutput<typeof FromChat>;
