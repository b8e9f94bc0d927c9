import assert from 'node:assert/strict';
import { transcriptOf } from '../../../src/chat/transcript.ts';
import { answer, attachment, question } from './messages.ts';

describe('the transcript of a conversation', () => {
  it('is Markdown with all that was said and attached', () => {
    const messages = [
      question('What is this?', [attachment('selection', 'a.ts:1', '```')]),
      answer('A fence.'),
    ];
    assert.equal(
      transcriptOf('Fences\nand more', messages, { you: 'You', attached: 'Attached' }),
      '# Fences and more\n\n## You\n\nWhat is this?\n\nAttached: a.ts:1\n\n````typescript\n```\n````\n\n' +
        '## Gemma\n\nA fence.\n',
    );
  });
});
