import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isLocalCommand, parseSlashCommand, slashCommandNames } from '../../../src/chat/slashCommands.ts';

describe('a slash command', () => {
  it('is read with what follows it', () => {
    assert.deepEqual(parseSlashCommand('/fix the second loop'), { name: 'fix', rest: 'the second loop' });
    assert.deepEqual(parseSlashCommand(' /explain\nbriefly\nplease '), {
      name: 'explain',
      rest: 'briefly\nplease',
    });
    assert.deepEqual(parseSlashCommand('/new'), { name: 'new', rest: '' });
  });

  it('is only a known word at the very start', () => {
    for (const text of ['/usr/bin/node?', '/fixed', 'please /fix', '/Fix', '/', '//fix', '/fix/it']) {
      assert.deepEqual(parseSlashCommand(text), { name: null, rest: text });
    }
  });

  it('never loses text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { name, rest } = parseSlashCommand(text);
        if (name === null) assert.equal(rest, text.trim());
      }),
    );
    for (const name of slashCommandNames) {
      assert.deepEqual(parseSlashCommand(`/${name} x`), { name, rest: 'x' });
    }
  });

  it('is done here or asked of the model', () => {
    assert.deepEqual(slashCommandNames.filter(isLocalCommand), ['new', 'clear', 'help']);
  });
});
