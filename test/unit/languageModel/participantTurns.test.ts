import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import manifest from '../../../package.json' with { type: 'json' };
import { requestText, slashRequests } from '../../../src/extension/languageModel/participantTurns.ts';
import { chatParticipant, languageModelVendor } from '../../../src/extension/ids.ts';

describe('a question to @gemma', () => {
  it('shows what was attached first, in fences that it can not close', () => {
    const text = 'const fence = "```";';
    const references = [{ name: 'a.ts, lines 3–3', languageId: 'typescript', text }];
    assert.equal(
      requestText({ command: undefined, prompt: ' Why? ', references }),
      `a.ts, lines 3–3:\n\`\`\`\`typescript\n${text}\n\`\`\`\`\n\nWhy?`,
    );
  });

  it('asks what its slash command says, and what the person adds', () => {
    assert.equal(
      requestText({ command: 'explain', prompt: 'Briefly.', references: [] }),
      `${slashRequests['explain']}\n\nBriefly.`,
    );
    assert.equal(requestText({ command: 'unknown', prompt: '', references: [] }), '');
  });

  it('has the slash commands and the names of the manifest', () => {
    const [participant] = manifest.contributes.chatParticipants;
    assert.equal(participant?.id, chatParticipant);
    assert.deepEqual(
      participant?.commands.map(({ name }) => name),
      Object.keys(slashRequests),
    );
    const [provider] = manifest.contributes.languageModelChatProviders;
    assert.equal(provider?.vendor, languageModelVendor);
  });
});
