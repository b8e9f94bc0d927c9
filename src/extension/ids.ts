/** Commands a person can run; package.json contributes exactly these. */
export const commands = {
  openChat: 'gemmaCode.openChat',
  newChat: 'gemmaCode.newChat',
  openChatInEditor: 'gemmaCode.openChatInEditor',
  pickModel: 'gemmaCode.pickModel',
  triggerCompletion: 'gemmaCode.triggerCompletion',
  toggleCompletion: 'gemmaCode.toggleCompletion',
  toggleLanguage: 'gemmaCode.toggleLanguage',
  snooze: 'gemmaCode.snooze',
  restartEngine: 'gemmaCode.restartEngine',
  showLog: 'gemmaCode.showLog',
  showMenu: 'gemmaCode.showMenu',
} as const;

export type CommandId = (typeof commands)[keyof typeof commands];

/** What a person can have a model do with code; see commands/. */
export const selectionCommands = {
  explain: 'gemmaCode.explain',
  summarize: 'gemmaCode.summarize',
  fix: 'gemmaCode.fix',
  document: 'gemmaCode.document',
  writeTests: 'gemmaCode.writeTests',
  edit: 'gemmaCode.edit',
  generateCommitMessage: 'gemmaCode.generateCommitMessage',
} as const;

export type SelectionCommandId = (typeof selectionCommands)[keyof typeof selectionCommands];

/** About a server that answers instead of this machine; see remote/. */
export const remoteCommands = {
  use: 'gemmaCode.useRemoteServer',
  setToken: 'gemmaCode.setRemoteServerToken',
  stop: 'gemmaCode.stopUsingRemoteServer',
} as const;

export type RemoteCommandId = (typeof remoteCommands)[keyof typeof remoteCommands];

/** In the context menu of editors. */
export const editorMenu = 'gemmaCode.editorMenu';

/** Run by VS Code on our behalf, never by a person. */
export const internalCommands = { didAccept: 'gemmaCode.didAcceptSuggestion' } as const;

/** For `when` clauses in package.json. */
export const contextKeys = { completionEnabled: 'gemmaCode.completionEnabled' } as const;

export const statusItem = 'gemmaCode.status';

/** The chat in the sidebar, and as an editor tab. */
export const chatView = 'gemmaCode.chat';
export const chatPanel = 'gemmaCode.chatPanel';

/** Under which other extensions find our model; package.json contributes it. */
export const languageModelVendor = 'gemma-code';

/** `@gemma` in VS Code's own chat. */
export const chatParticipant = 'gemma-code.gemma';

/** The view in the sidebar that tells of the engine. */
export const inspectorView = 'gemmaCode.inspector';
