import type {
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
  readonly list: { readonly search: string; readonly entries: readonly ConversationEntry[] };
  readonly conversation: ConversationView | null;
  readonly composer: ComposerView;
  readonly choices: { readonly query: string; readonly choices: readonly Choice[] } | null;
  /** What the extension wants in the box; a new object every time. */
  readonly draft: { readonly text: string; readonly focus: boolean } | null;
}

export const initialState: ChatState = {
  language: 'en',
  strings: null,
  slashCommands: [],
  colors: {},
  model: null,
  list: { search: '', entries: [] },
  conversation: null,
  composer: { attachments: [], context: null, running: false },
  choices: null,
  draft: null,
};

/** What the page knows after `message`. What did not change stays the same object. */
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
      return withMessages(state, (messages) => append(messages, message));
    case 'composer':
      return { ...state, composer: message.composer };
    case 'choices':
      return { ...state, choices: { query: message.query, choices: message.choices } };
    case 'draft':
      return { ...state, draft: { text: message.text, focus: message.focus } };
    default:
      return message satisfies never;
  }
}

function withMessages(state: ChatState, change: (messages: MessageView[]) => MessageView[]): ChatState {
  const { conversation } = state;
  if (conversation === null) return state;
  const messages = change(conversation.messages);
  return { ...state, conversation: { ...conversation, messages } };
}

function put(messages: MessageView[], message: MessageView): MessageView[] {
  const index = messages.findLastIndex(({ id }) => id === message.id);
  return index < 0 ? [...messages, message] : messages.with(index, message);
}

function append(
  messages: MessageView[],
  added: { id: string; thought: string; answer: string },
): MessageView[] {
  const index = messages.findLastIndex(({ id }) => id === added.id);
  const message = messages[index];
  if (message?.role !== 'model') return messages;
  const { text, thought } = message;
  return messages.with(index, { ...message, text: text + added.answer, thought: thought + added.thought });
}
