import assert from 'node:assert/strict';
import * as v from 'valibot';
import { TokenColors } from '../../../src/protocol/chat.ts';
import { contrast, normalColor } from '../../../src/extension/theme/color.ts';
import { parseJsonWithComments, readColorTheme } from '../../../src/extension/theme/colorTheme.ts';
import { likelyThemeNames, themesOf } from '../../../src/extension/theme/themeName.ts';
import { tokenColors } from '../../../src/extension/theme/tokenColors.ts';

/** The colours of `main.json` among `files`, which lie in one folder. */
async function colorsOf(
  files: Record<string, unknown>,
  highContrastOn: string | null = null,
): Promise<TokenColors> {
  const read = (name: string): Promise<string> => {
    const content = files[name];
    if (content === undefined) return Promise.reject(new Error(`There is no ${name}.`));
    return Promise.resolve(typeof content === 'string' ? content : JSON.stringify(content));
  };
  const theme = await readColorTheme<string>('main.json', read, (_, include) => include.replace('./', ''));
  return tokenColors(theme, highContrastOn);
}

function rule(scope: string | string[], foreground: string): unknown {
  return { scope, settings: { foreground } };
}

describe('the colours that a theme gives to code', () => {
  it('are those of the longest scope that fits', async () => {
    const colors = await colorsOf({
      'main.json': {
        tokenColors: [
          rule('string.quoted', '#111111'),
          rule('string', '#222222'),
          rule('stri', '#333333'),
          rule('string.quoted.double.json', '#444444'),
        ],
      },
    });
    assert.deepEqual(colors, { string: '#111111', regexp: '#222222' });
  });

  it('are those of the last rule among equals', async () => {
    const tokens = [rule('comment', '#111111'), rule(['keyword', 'comment'], '#222222')];
    assert.deepEqual(await colorsOf({ 'main.json': { tokenColors: tokens } }), {
      comment: '#222222',
      keyword: '#222222',
      operator: '#222222',
    });
  });

  it('are read from lists of scopes in one string too', async () => {
    const tokens = [rule('entity.name.tag , entity.other.attribute-name', '#abc')];
    assert.deepEqual(await colorsOf({ 'main.json': { tokenColors: tokens } }), {
      tag: '#aabbcc',
      attribute: '#aabbcc',
    });
  });

  it('are not those of rules for some surroundings only', async () => {
    const tokens = [rule('source.json string', '#111111'), rule('string - string.regexp', '#222222')];
    assert.deepEqual(await colorsOf({ 'main.json': { tokenColors: tokens } }), {});
  });

  it('come from included themes, unless the theme itself says otherwise', async () => {
    const colors = await colorsOf({
      'main.json': { include: './base.json', tokenColors: [rule('comment', '#111111')] },
      'base.json': { include: './root.json', tokenColors: [rule('comment', '#222222')] },
      'root.json': { tokenColors: [rule('constant.numeric', '#333333')] },
    });
    assert.deepEqual(colors, { comment: '#111111', number: '#333333' });
  });

  it('end where themes include each other', async () => {
    const colors = await colorsOf({
      'main.json': { include: './other.json', tokenColors: [rule('comment', '#111111')] },
      'other.json': { include: './main.json' },
    });
    assert.deepEqual(colors, { comment: '#111111' });
  });

  it('are none in what is no theme, and never anything but colours', async () => {
    const damaged: unknown[] = [
      '',
      '{',
      'null',
      [],
      { tokenColors: './theme.tmTheme' },
      { tokenColors: [null, 1, {}, { scope: 1, settings: {} }, { scope: 'comment' }] },
      {
        tokenColors: [
          rule('comment', 'red'),
          rule('string', 'url(https://evil.example)'),
          rule('keyword', '#12'),
        ],
      },
      { colors: { 'editor.background': 7 }, tokenColors: [] },
    ];
    for (const theme of damaged) assert.deepEqual(await colorsOf({ 'main.json': theme }, '#000000'), {});
  });

  it('fail where a file is missing, so that the reader knows', async () => {
    await assert.rejects(colorsOf({ 'main.json': { include: './gone.json' } }), /There is no gone.json/);
  });

  it('are in high contrast only those that can be read', async () => {
    const tokens = [rule('comment', '#7ca668'), rule('string', '#666666'), rule('keyword', '#ffffff80')];
    const theme = { colors: { 'editor.background': '#000000' }, tokenColors: tokens };
    const all = {
      comment: '#7ca668',
      string: '#666666',
      regexp: '#666666',
      keyword: '#ffffff80',
      operator: '#ffffff80',
    };
    assert.deepEqual(await colorsOf({ 'main.json': theme }), all);
    assert.deepEqual(await colorsOf({ 'main.json': theme }, '#ffffff'), { comment: '#7ca668' });
    assert.deepEqual(await colorsOf({ 'main.json': { tokenColors: tokens } }, '#ffffff'), {});
  });

  it('are what the page accepts', async () => {
    const tokens = [rule('comment', '#ABC'), rule('string', '#abcd'), rule('keyword', '#A1b2C3d4')];
    const colors = await colorsOf({ 'main.json': { tokenColors: tokens } });
    assert.deepEqual(v.parse(TokenColors, colors), colors);
  });
});

describe('the contrast of two colours', () => {
  it('is what the accessibility guidelines define', () => {
    assert.equal(contrast('#000000', '#ffffff'), 21);
    assert.equal(contrast('#ffffff', '#ffffff'), 1);
    assert.ok(Math.abs(contrast('#767676', '#ffffff') - 4.54) < 0.01);
    assert.ok(Math.abs(contrast('#00000080', '#ffffff') - contrast('#7f7f7f', '#ffffff')) < 0.05);
  });

  it('needs colours in full', () => {
    assert.equal(normalColor('#Fa3'), '#FFaa33');
    for (const color of ['', 'red', '#12', '#12345', '#1234567', '#ggg', '#123456 '])
      assert.equal(normalColor(color), null);
  });
});

describe('JSON with comments', () => {
  it('may have them anywhere but in a string, and a comma after the last entry', () => {
    const text = '\uFEFF// a\n{ "a": "//b /* c */ ,]", /* d\n */ "e\\"//": [1, 2, /**/ ], // f\n }';
    assert.deepEqual(parseJsonWithComments(text), { a: '//b /* c */ ,]', 'e"//': [1, 2] });
  });

  it('is nothing where it is damaged', () => {
    for (const text of ['', '{', '{"a": 1,, }', '/* {}', '"'])
      assert.equal(parseJsonWithComments(text), undefined);
  });
});

describe('the active theme', () => {
  const settings = {
    colorTheme: 'Chosen',
    followsSystem: false,
    preferred: { vs: 'Day', 'vs-dark': 'Night', 'hc-black': 'Bold night', 'hc-light': 'Bold day' },
  };

  it('is the chosen one, or that of a system in high contrast', () => {
    assert.deepEqual(likelyThemeNames(settings, 'vs-dark'), ['Chosen', 'Night']);
    assert.deepEqual(likelyThemeNames(settings, 'hc-light'), ['Chosen', 'Bold day']);
  });

  it('is the preferred one where it follows the system', () => {
    assert.deepEqual(likelyThemeNames({ ...settings, followsSystem: true }, 'vs'), ['Day', 'Chosen']);
  });

  it('is known by its id, else by its label', () => {
    const themes = [
      { id: 'Dark+', label: '%dark%', uiTheme: 'vs-dark', path: './a.json' },
      { label: 'Monokai', path: './b.json' },
    ];
    assert.deepEqual(themesOf({ contributes: { themes } }), [
      { name: 'Dark+', uiTheme: 'vs-dark', path: './a.json' },
      { name: 'Monokai', uiTheme: 'vs-dark', path: './b.json' },
    ]);
    for (const manifest of [null, {}, { contributes: {} }, { contributes: { themes: [{}] } }])
      assert.deepEqual(themesOf(manifest), []);
  });
});
