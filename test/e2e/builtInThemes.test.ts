import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { vscodeHostPaths } from '../../scripts/setup/vscodeHost.mjs';
import { contrast, normalColor } from '../../src/extension/theme/color.ts';
import { parseJsonWithComments, readColorTheme } from '../../src/extension/theme/colorTheme.ts';
import { themesOf } from '../../src/extension/theme/themeName.ts';
import { tokenColors } from '../../src/extension/theme/tokenColors.ts';
import { TokenColors, TokenRole } from '../../src/protocol/chat.ts';

const extensions = path.resolve(path.dirname(vscodeHostPaths().serverMain), '../extensions');

const readText = (file: string): Promise<string> => readFile(file, 'utf8');

describe('the themes that VS Code brings', () => {
  it('tell the colours of code, in high contrast those that can be read', async () => {
    const known: string[] = [];
    for (const folder of (await readdir(extensions)).filter((name) => name.startsWith('theme-'))) {
      const manifest = parseJsonWithComments(await readText(path.join(extensions, folder, 'package.json')));
      for (const { name, uiTheme, path: file } of themesOf(manifest)) {
        const theme = await readColorTheme(path.join(extensions, folder, file), readText, (place, include) =>
          path.join(path.dirname(place), include),
        );
        const colors = v.parse(TokenColors, tokenColors(theme, null));
        const count = Object.keys(colors).length;
        assert.ok(count >= 9, `${name} has colours for ${count} of ${TokenRole.options.length} roles`);
        if (!uiTheme.startsWith('hc')) continue;
        const usual = uiTheme === 'hc-black' ? '#000000' : '#ffffff';
        const background = normalColor(theme.editorBackground ?? '') ?? usual;
        const readable = Object.values(tokenColors(theme, usual));
        assert.ok(
          readable.length >= 6,
          `${name}: ${readable.length} of ${Object.keys(colors).length} colours`,
        );
        for (const color of readable) assert.ok(contrast(color ?? '', background) >= 7, `${name}: ${color}`);
        known.push(name);
      }
    }
    assert.deepEqual(known.sort(), ['Default High Contrast', 'Default High Contrast Light']);
  });
});
