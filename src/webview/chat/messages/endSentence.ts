import type { AnswerView } from '../../../protocol/chat.ts';
import type { ChatStrings } from '../../../protocol/chatStrings.ts';

/** Why an answer is not whole; null: it is, or it is still being written. */
export function endSentence({ end, error }: AnswerView, strings: ChatStrings): string | null {
  switch (end) {
    case 'writing':
    case 'stop':
      return null;
    case 'limit':
      return strings.limitReached;
    case 'context':
      return strings.contextFull;
    case 'cancelled':
      return strings.cancelled;
    case 'interrupted':
      return strings.interrupted;
    case 'failed':
      break;
  }
  return error ?? strings.failed;
}
