import type { ChatEngine } from '../../chat/chatEngine.ts';
import type { Attachment } from '../../chat/conversation.ts';

/** The chat, as the commands on selections need it. */
export interface ChatCommands {
  /** Whether a model that can chat is loaded. */
  readonly ready: boolean;
  /** Shows the chat and asks there. */
  ask(question: { readonly text: string; readonly attachments: readonly Attachment[] }): Promise<void>;
  /** For one request. @throws GemmaError `no-model` with what to do */
  engine(signal: AbortSignal): ChatEngine;
}
