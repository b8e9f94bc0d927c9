import assert from 'node:assert/strict';
import { createLowlight, common } from 'lowlight';
import { languageOf } from '../../../src/webview/code/languages.ts';
import { roleOf } from '../../../src/webview/code/roles.ts';

const named = (info: string): string => languageOf(info).name;

describe('the language of a code block', () => {
  it('is what stands after the fence, in any of its names', () => {
    assert.equal(named('ts'), 'TypeScript');
    assert.equal(named('TSX'), 'TypeScript JSX');
    assert.equal(named('c++'), 'C++');
    assert.equal(named('c#'), 'C#');
    assert.equal(named('python title="a.py"'), 'Python');
    assert.equal(named('{.rust .numberLines}'), 'Rust');
    assert.equal(named('js{1,3}'), 'JavaScript');
    assert.equal(named(''), '');
  });

  it('is called what the model called it where nobody knows it', () => {
    assert.deepEqual(languageOf('brainfuck'), { name: 'brainfuck', grammar: null });
    for (const name of ['__proto__', 'constructor', 'toString'])
      assert.deepEqual(languageOf(name), { name, grammar: null });
  });

  it('has a grammar wherever it says so', () => {
    const lowlight = createLowlight(common);
    const infos =
      'typescript tsx javascript jsx python go c cpp java rust html css scss json yaml sh markdown sql diff php ruby kotlin swift csharp';
    for (const info of infos.split(' ')) {
      const { grammar } = languageOf(info);
      assert.ok(grammar !== null && lowlight.registered(grammar), info);
    }
  });
});

describe('the role of a piece of code', () => {
  it('is that of its whole scope, else that of the scope around it', () => {
    assert.equal(roleOf(['hljs-title', 'class_'], 'typescript'), 'type');
    assert.equal(roleOf(['hljs-title', 'class_', 'inherited__'], 'typescript'), 'type');
    assert.equal(roleOf(['hljs-title', 'function_'], 'typescript'), 'function');
    assert.equal(roleOf(['hljs-variable', 'language_'], 'typescript'), 'keyword');
    assert.equal(roleOf(['hljs-string'], 'typescript'), 'string');
  });

  it('is that of an attribute only in markup: elsewhere it is a key or a parameter', () => {
    assert.equal(roleOf(['hljs-attr'], 'xml'), 'attribute');
    assert.equal(roleOf(['hljs-attr'], 'typescript'), 'variable');
    assert.equal(roleOf(['hljs-attr'], 'json'), 'variable');
  });

  it('is none where the scope only holds others', () => {
    assert.equal(roleOf(['hljs-params'], 'typescript'), null);
    assert.equal(roleOf(['constructor'], 'typescript'), null);
    assert.equal(roleOf([], 'typescript'), null);
  });
});
