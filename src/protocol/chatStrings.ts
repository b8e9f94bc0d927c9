import * as v from 'valibot';

const label = v.pipe(v.string(), v.maxLength(500));

/** What the chat page says by itself, in the person's language. `{0}` and `{1}` are filled in by the page. */
export const ChatStrings = v.object({
  // The conversation
  conversation: label,
  rename: label,
  newChat: label,
  history: label,
  copyConversation: label,
  exportConversation: label,
  readOnly: label,
  you: label,
  jumpToLatest: label,
  // Messages
  copy: label,
  edit: label,
  send: label,
  cancel: label,
  regenerate: label,
  tryAgain: label,
  showSent: label,
  thought: label,
  thinking: label,
  reading: label,
  cancelled: label,
  interrupted: label,
  failed: label,
  limit: label,
  contextFull: label,
  tokens: label,
  tokensPerSecond: label,
  cachedTokens: label,
  // Code
  insert: label,
  apply: label,
  newFile: label,
  // The box
  ask: label,
  askPlaceholder: label,
  stop: label,
  attach: label,
  attachments: label,
  removeAttachment: label,
  attachmentTokens: label,
  dropHere: label,
  contextUse: label,
  slashCommands: label,
  nothingFound: label,
  chooseModel: label,
  // The list of conversations
  conversations: label,
  search: label,
  noConversations: label,
  delete: label,
  close: label,
  // The start
  welcome: label,
  welcomeDetail: label,
  noModel: label,
  examples: v.pipe(v.array(label), v.maxLength(5)),
  // Said aloud
  answerBegins: label,
  answerEnds: label,
});
export type ChatStrings = v.InferOutput<typeof ChatStrings>;
