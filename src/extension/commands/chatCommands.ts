import type { ChatEngine } from '../../chat/chatEngine.ts';
import type { Attachment } from '../../chat/conversation.ts';

/** The chat, as the commands on selections need it. */
export interface ChatCommands {
  /** Whether a model was chosen that can chat, as far as is known. */
  readonly ready: boolean;
  /** Shows the chat and asks there. */
  ask(question: { readonly text: string; readonly attachments: readonly Attachment[] }): Promise<void>;
  /**
   * Runs `work` with the model, which is loaded for it where it isn't.
   *
   * @throws GemmaError `no-model` with what to do; `cancelled`; what `work` throws
   */
  withEngine<T>(signal: AbortSignal, work: (engine: ChatEngine) => Promise<T>): Promise<T>;
}
