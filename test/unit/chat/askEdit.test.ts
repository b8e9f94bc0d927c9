import assert from 'node:assert/strict';
import { askCommitMessage, commitMessageOf } from '../../../src/chat/askCommitMessage.ts';
import { askEdit } from '../../../src/chat/askEdit.ts';
import { editText } from '../../../src/chat/instructions.ts';
import { attachment, numberedLines } from './messages.ts';
import { scriptedModel, tokensOfRequest } from './scriptedModel.ts';

const text = editText('make it async');

describe('an edit', () => {
  it('is asked with the whole selection, the wish and the form of the answer', async () => {
    const { engine, asked } = scriptedModel(4_096, () => '```\nasync a();\n```');
    const selection = attachment('selection', 'a.ts:1', '  a();\n');
    let progress = 0;
    const proposal = await askEdit(engine, { text, selection, others: [] }, (chars) => (progress = chars));
    assert.deepEqual(proposal, { kind: 'edit', text: '  async a();\n' });
    assert.ok(progress > 0);
    const turn = asked[0]?.turns[0]?.text ?? '';
    assert.ok(turn.includes('\n  a();\n'));
    assert.match(turn, /as follows: make it async\n\n[^]*and nothing else\.$/u);
    assert.equal(asked[0]?.purpose, 'edit');
  });

  it('gives up what is only useful before the selection, and leaves room to write it anew', async () => {
    const { engine, asked } = scriptedModel(2_048, () => 'b();');
    const others = [attachment('definition', 'far.ts', numberedLines(500))];
    const selection = attachment('selection', 'a.ts:1', numberedLines(40));
    await askEdit(engine, { text, selection, others }, () => undefined);
    const [request] = asked;
    assert.ok(request);
    assert.ok(request.turns[0]?.text.includes('line 40 of'));
    assert.doesNotMatch(request.turns[0]?.text ?? '', /far\.ts/u);
    assert.ok(request.maxTokens > 500 && tokensOfRequest(request) <= 2_048);
  });

  it('of too much is refused: a part of the answer would be worse than none', async () => {
    const { engine, asked } = scriptedModel(2_048);
    const selection = attachment('selection', 'a.ts:1–999', numberedLines(999));
    await assert.rejects(
      askEdit(engine, { text, selection, others: [] }, () => undefined),
      {
        code: 'bad-input',
      },
    );
    assert.equal(asked.length, 0);
  });

  it('is refused when the answer was cut short', async () => {
    const { engine } = scriptedModel(2_048, () => '```\nb();');
    const chat: typeof engine.chat = async (params, onText) => ({
      ...(await engine.chat(params, onText)),
      ended: 'limit',
    });
    const selection = attachment('selection', 'a.ts:1', 'a();\n');
    await assert.rejects(
      askEdit({ ...engine, chat }, { text, selection, others: [] }, () => undefined),
      {
        code: 'bad-input',
      },
    );
  });
});

describe('a commit message', () => {
  it('is written about the changes, shortened to what fits', async () => {
    const { engine, asked } = scriptedModel(2_048, () => '"Add a light"\n');
    const changes = attachment('changes', 'project', numberedLines(2_000));
    assert.equal(await askCommitMessage(engine, changes), 'Add a light');
    const [request] = asked;
    assert.ok(request && tokensOfRequest(request) <= 2_048);
    assert.match(request.turns[0]?.text ?? '', /lines left out/u);
  });

  it('is taken out of what models put around it', () => {
    assert.equal(commitMessageOf('```text\nAdd a\n\n- b  \n```\nDone!'), 'Add a\n\n- b');
    assert.equal(commitMessageOf(' `Add a` '), 'Add a');
    assert.equal(commitMessageOf('\n'), '');
  });
});
