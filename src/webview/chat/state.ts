import type {
  AnswerView,
  Choice,
  ComposerView,
  ConversationEntry,
  ConversationView,
  MessageView,
  ModelView,
  SlashCommandView,
  ToChat,
  TokenColors,
} from '../../protocol/chat.ts';
import type { ChatStrings } from '../../protocol/chatStrings.ts';

/** All the page knows; null: not told yet. */
export interface ChatState {
  readonly language: string;
  readonly strings: ChatStrings | null;
  readonly slashCommands: readonly SlashCommandView[];
  readonly colors: TokenColors;
  readonly model: ModelView | null;
  readonly list: { readonly search: string; readonly entries: readonly ConversationEntry[] } | null;
  readonly conversation: ConversationView;
  readonly composer: ComposerView;
  readonly choices: { readonly query: string; readonly choices: readonly Choice[] };
  /** To be put into the box; another object each time, so that the same text can be put there twice. */
  readonly inserted: { readonly text: string | null; readonly focus: boolean } | null;
}

export const initialState: ChatState = {
  language: 'en',
  strings: null,
  slashCommands: [],
  colors: {},
  model: null,
  list: null,
  conversation: { id: null, title: '', readOnly: false, messages: [] },
  composer: { attachments: [], context: null, running: false },
  choices: { query: '', choices: [] },
  inserted: null,
};

/** What the page knows after `message`. Whatever doesn't change stays the same object. */
export function told(state: ChatState, message: ToChat): ChatState {
  switch (message.type) {
    case 'strings': {
      const { language, strings, slashCommands } = message;
      return { ...state, language, strings, slashCommands };
    }
    case 'colors':
      return { ...state, colors: message.colors };
    case 'model':
      return { ...state, model: message.model };
    case 'conversations':
      return { ...state, list: { search: message.search, entries: message.entries } };
    case 'conversation':
      return { ...state, conversation: message.conversation };
    case 'message':
      return withMessages(state, (messages) => put(messages, message.message));
    case 'text':
      return withMessages(state, (messages) => {
        const at = messages.findLastIndex(({ id }) => id === message.id);
        const answer = messages[at];
        if (answer?.role !== 'model' || answer.end !== 'writing') return messages;
        return messages.with(at, grown(answer, message.thought, message.answer));
      });
    case 'composer':
      return { ...state, composer: message.composer };
    case 'choices':
      return { ...state, choices: { query: message.query, choices: message.choices } };
    case 'draft':
      return { ...state, inserted: { text: message.text, focus: message.focus } };
    default:
      return message satisfies never;
  }
}

function withMessages(state: ChatState, change: (messages: MessageView[]) => MessageView[]): ChatState {
  const { conversation } = state;
  const messages = change(conversation.messages);
  if (messages === conversation.messages) return state;
  return { ...state, conversation: { ...conversation, messages } };
}

function put(messages: MessageView[], message: MessageView): MessageView[] {
  const at = messages.findLastIndex(({ id }) => id === message.id);
  return at === -1 ? [...messages, message] : messages.with(at, message);
}

function grown(answer: AnswerView, thought: string, text: string): AnswerView {
  return { ...answer, thought: answer.thought + thought, text: answer.text + text };
}

/** What was asked last; empty: nothing. */
export function lastQuestion(messages: readonly MessageView[]): string {
  return messages.findLast(({ role }) => role === 'user')?.text ?? '';
}
