import { MAX_QUESTION_CHARS } from '../../../protocol/chat.ts';
import type { ModelView } from '../../../protocol/chat.ts';
import type { ChatStrings } from '../../../protocol/chatStrings.ts';

/** Why nothing can be sent now; null: it can, as soon as something is typed. A model that is being loaded is waited for. */
export function whyNot(
  model: ModelView,
  readOnly: boolean,
  text: string,
  strings: ChatStrings,
): string | null {
  if (readOnly) return strings.disabledReadOnly;
  switch (model.state) {
    case 'none':
      return strings.disabledNoModel;
    case 'error':
      return model.sentence === '' ? strings.disabledError : model.sentence;
    case 'busy':
    case 'ready':
      break;
  }
  return text.length > MAX_QUESTION_CHARS ? strings.tooLong : null;
}
