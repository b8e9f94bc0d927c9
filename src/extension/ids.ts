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
  showWalkthrough: 'gemmaCode.showWalkthrough',
} as const;

export type CommandId = (typeof commands)[keyof typeof commands];

/** What a person can do about models; see models/. */
export const modelCommands = {
  showModels: 'gemmaCode.showModels',
  getModel: 'gemmaCode.getModel',
  importModel: 'gemmaCode.importModel',
  measureMachine: 'gemmaCode.measureMachine',
  moveModels: 'gemmaCode.moveModels',
  refreshModels: 'gemmaCode.refreshModels',
  removeToken: 'gemmaCode.removeToken',
} as const;

export type ModelCommandId = (typeof modelCommands)[keyof typeof modelCommands];

/** On a row of the models view. */
export const rowCommands = {
  downloadModel: 'gemmaCode.downloadModel',
  pauseDownload: 'gemmaCode.pauseDownload',
  resumeDownload: 'gemmaCode.resumeDownload',
  cancelDownload: 'gemmaCode.cancelDownload',
  useForCompletion: 'gemmaCode.useForCompletion',
  useForChat: 'gemmaCode.useForChat',
  removeModel: 'gemmaCode.removeModel',
  openLicence: 'gemmaCode.openLicence',
  showOnHub: 'gemmaCode.showOnHub',
  revealModel: 'gemmaCode.revealModel',
} as const;

export type RowCommandId = (typeof rowCommands)[keyof typeof rowCommands];

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

/** The models on this machine, on their way to it, and to be had. */
export const modelsView = 'gemmaCode.models';

/** Under which other extensions find our model; package.json contributes it. */
export const languageModelVendor = 'gemma-code';

/** `@gemma` in VS Code's own chat. */
export const chatParticipant = 'gemma-code.gemma';

/** The view in the sidebar that tells of the engine. */
export const inspectorView = 'gemmaCode.inspector';

/** First steps, as VS Code names those of an extension. */
export const walkthrough = 'gemma-code.gemma-code#start';
