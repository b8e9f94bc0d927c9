import * as vscode from 'vscode';
import { SYSTEM_TEXT } from '../../chat/instructions.ts';
import { toGemmaError } from '../../protocol/errors.ts';
import type { Engine } from '../engine.ts';
import { chatParticipant } from '../ids.ts';
import { answerConversation } from './answer.ts';
import { informationOf } from './modelInformation.ts';
import { requestText } from './participantTurns.ts';
import { readReferences, readSelection } from './references.ts';
import { alternate, type Turn } from './turns.ts';

/** Answers to `@gemma` in VS Code's own chat. */
export function createChatParticipant(engine: Engine): vscode.Disposable {
  return vscode.chat.createChatParticipant(chatParticipant, async (request, context, response, token) => {
    const status = engine.statusOf('chat');
    const model = status.name === 'ready' || status.name === 'working' ? status.model : null;
    if (model?.chat !== true) return failed(vscode.l10n.t('No model that can converse is loaded.'));
    const references = await readReferences(request.references);
    const selection = references.length === 0 && request.command !== undefined ? readSelection() : null;
    const question = requestText({
      command: request.command,
      prompt: request.prompt,
      references: selection === null ? references : [selection],
    });
    try {
      const conversation = alternate([...context.history.map(pastTurn), { role: 'user', text: question }]);
      const { maxOutputTokens } = informationOf(model);
      const show = (text: string): void => response.markdown(text);
      await answerConversation(
        engine,
        { system: SYSTEM_TEXT, ...conversation },
        maxOutputTokens,
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
