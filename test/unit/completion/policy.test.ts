import assert from 'node:assert/strict';
import { hasContext, isLanguageOn, skipReason } from '../../../src/completion/policy.ts';
import type { CompletionSwitches, EditorSituation } from '../../../src/completion/policy.ts';

const on: CompletionSwitches = {
  enabled: true,
  automatic: true,
  languages: {},
  snoozed: false,
  battery: 'run',
};

/** `▮` is the cursor. */
function at(marked: string, change: Partial<EditorSituation> = {}): EditorSituation {
  const [linePrefix = '', lineSuffix = ''] = marked.split('▮');
  return {
    trigger: 'automatic',
    languageId: 'typescript',
    lineCount: 10,
    linePrefix,
    lineSuffix,
    cursors: 1,
    selecting: false,
    ...change,
  };
}

describe('when to ask', () => {
  it('asks at the end of a line and before closing punctuation', () => {
    assert.equal(skipReason(on, at('return ▮')), null);
    assert.equal(skipReason(on, at('call(▮);')), null);
  });

  it('asks in the middle of a line only when the person does', () => {
    assert.equal(skipReason(on, at('a ▮+ b')), 'mid-line');
    assert.equal(skipReason(on, at('a ▮+ b', { trigger: 'invoked' })), null);
  });

  it('obeys the switches', () => {
    assert.equal(skipReason({ ...on, enabled: false }, at('a▮', { trigger: 'invoked' })), 'disabled');
    assert.equal(skipReason({ ...on, automatic: false }, at('a▮')), 'manual-only');
    assert.equal(skipReason({ ...on, automatic: false }, at('a▮', { trigger: 'invoked' })), null);
    assert.equal(skipReason({ ...on, snoozed: true }, at('a▮')), 'snoozed');
    assert.equal(skipReason({ ...on, snoozed: true }, at('a▮', { trigger: 'invoked' })), null);
    assert.equal(skipReason({ ...on, battery: 'manual' }, at('a▮')), 'on-battery');
    assert.equal(skipReason({ ...on, battery: 'manual' }, at('a▮', { trigger: 'invoked' })), null);
    assert.equal(skipReason({ ...on, battery: 'pause' }, at('a▮', { trigger: 'invoked' })), 'on-battery');
    assert.equal(skipReason({ ...on, languages: { typescript: false } }, at('a▮')), 'language-off');
  });

  it('leaves selections, several cursors, huge documents and huge lines alone', () => {
    assert.equal(skipReason(on, at('a▮', { selecting: true })), 'selecting');
    assert.equal(skipReason(on, at('a▮', { cursors: 2 })), 'several-cursors');
    assert.equal(skipReason(on, at('a▮', { lineCount: 1_000_000 })), 'document-too-large');
    assert.equal(skipReason(on, at(`${'a'.repeat(5_000_000)}▮`)), 'line-too-long');
  });

  it('does not volunteer anything before the first word of a document', () => {
    assert.equal(hasContext('\n  \t', 'automatic'), false);
    assert.equal(hasContext('\n  \t', 'invoked'), true);
    assert.equal(hasContext('a', 'automatic'), true);
  });

  it('lets a named language override "*", and takes nothing from the object itself', () => {
    assert.equal(isLanguageOn({ '*': false, python: true }, 'python'), true);
    assert.equal(isLanguageOn({ '*': false }, 'go'), false);
    assert.equal(isLanguageOn({}, 'constructor'), true);
    assert.equal(isLanguageOn({ '*': false }, '__proto__'), false);
  });
});
