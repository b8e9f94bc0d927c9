import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import manifest from '../../../package.json' with { type: 'json' };
import { participantCommands, requestText } from '../../../src/extension/languageModel/participantTurns.ts';
import { commandText } from '../../../src/chat/instructions.ts';
import { chatParticipant, languageModelVendor } from '../../../src/extension/ids.ts';

describe('a question to @gemma', () => {
  it('shows what was attached first, in fences that it can not close', () => {
    const text = '```\nnot the end';
    const references = [{ name: 'a.ts, lines 3–3', languageId: 'typescript', text }];
    assert.equal(
      requestText({ command: undefined, prompt: ' Why? ', references }),
      `a.ts, lines 3–3:\n\`\`\`\`typescript\n${text}\n\`\`\`\`\n\nWhy?`,
    );
  });

  it('asks what its slash command says, and what the person adds', () => {
    assert.equal(
      requestText({ command: 'explain', prompt: 'Briefly.', references: [] }),
      commandText('explain', 'Briefly.'),
    );
    assert.equal(requestText({ command: 'unknown', prompt: '', references: [] }), '');
  });

  it('has the slash commands and the names of the manifest', () => {
    const [participant] = manifest.contributes.chatParticipants;
    assert.equal(participant?.id, chatParticipant);
    assert.deepEqual(
      participant?.commands.map(({ name }) => name),
      [...participantCommands],
    );
    const [provider] = manifest.contributes.languageModelChatProviders;
    assert.equal(provider?.vendor, languageModelVendor);
  });
});
