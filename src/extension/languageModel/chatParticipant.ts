import * as vscode from 'vscode';
import { SYSTEM_TEXT } from '../../chat/instructions.ts';
import { toGemmaError } from '../../protocol/errors.ts';
import { chatParticipant } from '../ids.ts';
import { answerConversation } from './answer.ts';
import { MAX_ANSWER_TOKENS } from './modelInformation.ts';
import type { OfferedModel } from './offeredModel.ts';
import { requestText } from './participantTurns.ts';
import { readReferences, readSelection } from './references.ts';
import { alternate, type Turn } from './turns.ts';

/** Answers to `@gemma` in VS Code's own chat. */
export function createChatParticipant(model: OfferedModel): vscode.Disposable {
  return vscode.chat.createChatParticipant(chatParticipant, async (request, context, response, token) => {
    const references = await readReferences(request.references);
    const selection = references.length === 0 && request.command !== undefined ? readSelection() : null;
    const question = requestText({
      command: request.command,
      prompt: request.prompt,
      references: selection === null ? references : [selection],
    });
    try {
      const conversation = alternate([...context.history.map(pastTurn), { role: 'user', text: question }]);
      const show = (text: string): void => response.markdown(text);
      await answerConversation(
        model,
        { system: SYSTEM_TEXT, ...conversation },
        MAX_ANSWER_TOKENS,
        {},
        show,
        token,
      );
      return {};
    } catch (error) {
      if (error instanceof vscode.CancellationError) return {};
      return failed(toGemmaError(error).message);
    }
  });
}

/** Of an earlier question only the words are known, not what was attached. */
function pastTurn(turn: vscode.ChatRequestTurn | vscode.ChatResponseTurn): Turn {
  if (turn instanceof vscode.ChatRequestTurn)
    return {
      role: 'user',
      text: requestText({ command: turn.command, prompt: turn.prompt, references: [] }),
    };
  const parts = turn.response.map((part) =>
    part instanceof vscode.ChatResponseMarkdownPart ? part.value.value : '',
  );
  return { role: 'model', text: parts.join('') };
}

function failed(message: string): vscode.ChatResult {
  return { errorDetails: { message } };
}
