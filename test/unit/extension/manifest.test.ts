import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import manifest from '../../../package.json' with { type: 'json' };
import {
  commands as completionCommands,
  contextKeys,
  editorMenu,
  chatView,
  inspectorView,
  internalCommands,
  modelCommands,
  modelsView,
  remoteCommands,
  rowCommands,
  selectionCommands,
} from '../../../src/extension/ids.ts';
import { settingDefaults, settingSchemas } from '../../../src/extension/settingsSchema.ts';

const root = path.join(import.meta.dirname, '../../..');

async function json(file: string): Promise<Record<string, string>> {
  return v.parse(v.record(v.string(), v.string()), JSON.parse(await readFile(path.join(root, file), 'utf8')));
}

const commands = {
  ...completionCommands,
  ...modelCommands,
  ...remoteCommands,
  ...rowCommands,
  ...selectionCommands,
};

const Properties = v.record(v.string(), v.object({ scope: v.string(), default: v.unknown() }));

const properties = manifest.contributes.configuration.flatMap((section) =>
  Object.entries(v.parse(Properties, section.properties)),
);

const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort();

describe('the manifest', () => {
  it('contributes exactly the commands that the code registers', () => {
    const contributed = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual(sorted(contributed), sorted(Object.values(commands)));
    for (const internal of Object.values(internalCommands)) assert.ok(!contributed.includes(internal));
  });

  it('puts every command into the category of the extension', () => {
    for (const { command, category } of manifest.contributes.commands) {
      assert.equal(category, 'Gemma Code', command);
      assert.match(command, /^gemmaCode\.[a-z][A-Za-z]+$/);
    }
  });

  it('names only commands that exist in menus and keybindings', () => {
    const { menus, keybindings } = manifest.contributes;
    const inMenus = Object.values(menus).flat();
    const named = [...inMenus, ...keybindings].flatMap((item) => ('command' in item ? [item.command] : []));
    for (const command of named) assert.ok(Object.values<string>(commands).includes(command), command);
  });

  it('uses only context keys that the code sets', () => {
    const used = JSON.stringify(manifest.contributes).match(/gemmaCode\.\w+(?= *[&|"])/g) ?? [];
    const ids = new Set<string>([
      ...Object.values(commands),
      chatView,
      inspectorView,
      modelsView,
      editorMenu,
    ]);
    const keys = used.filter((key) => !ids.has(key));
    assert.deepEqual(sorted(keys), sorted(Object.values(contextKeys)));
  });

  it('contributes exactly the views that the code provides', () => {
    const contributed = Object.values(manifest.contributes.views).flat();
    assert.deepEqual(
      contributed.map(({ id }) => id),
      [chatView, modelsView, inspectorView],
    );
  });

  it('contributes exactly the settings that the code reads, with the same defaults', () => {
    assert.deepEqual(sorted(properties.map(([id]) => id)), sorted(Object.keys(settingSchemas)));
    const defaults = properties.map(([id, property]) => [id, property.default]);
    assert.deepEqual(Object.fromEntries(defaults), settingDefaults);
  });

  it('lets no opened folder change a setting', () => {
    for (const [id, { scope }] of properties) assert.match(scope, /^(application|machine)$/, id);
  });

  it('declares what it does in folders that are not trusted or not on disk', () => {
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
    assert.equal(manifest.capabilities.virtualWorkspaces.supported, 'limited');
    const restricted: readonly string[] = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    for (const id of restricted) assert.ok(Object.hasOwn(settingSchemas, id), id);
  });
});

describe('the translations', () => {
  it('translate every text of the manifest, and nothing else', async () => {
    const texts = JSON.stringify(manifest).match(/(?<="%)[^%"]+(?=%")/g) ?? [];
    for (const file of await filesLike(/^package\.nls.*\.json$/, '.')) {
      assert.deepEqual(sorted(Object.keys(await json(file))), sorted(texts), file);
    }
  });

  it('leave no text of the manifest untranslatable', () => {
    const shown = JSON.stringify(manifest.contributes).matchAll(
      /"(?:title|label|description|markdownDescription)":"([^"]*)"/g,
    );
    for (const [, text = ''] of shown) assert.match(text, /^%[^%]+%$/);
  });

  it('translate every text of the code, and nothing else', async () => {
    const texts: string[] = [];
    for (const file of await filesLike(/\.ts$/, 'src/extension')) {
      const source = await readFile(path.join(root, file), 'utf8');
      const calls = source.match(/\bl10n\.t\(/g)?.length ?? 0;
      const found = [...source.matchAll(/\bl10n\.t\(\s*'([^'\\]+)'/g)].map(([, text = '']) => text);
      assert.equal(found.length, calls, `${file} calls l10n.t with something that is not a plain string`);
      texts.push(...found);
    }
    for (const file of await filesLike(/^bundle\.l10n.*\.json$/, 'l10n')) {
      assert.deepEqual(sorted(Object.keys(await json(file))), sorted(texts), file);
    }
  });

  it('keep the placeholders', async () => {
    for (const [file, base] of [
      ['package.nls.it.json', 'package.nls.json'],
      ['l10n/bundle.l10n.it.json', 'l10n/bundle.l10n.json'],
    ] as const) {
      const [translated, original] = [await json(file), await json(base)];
      for (const [key, text] of Object.entries(original)) {
        const placeholders = (value: string): string[] => sorted(value.match(/\{\d\}|`[^`]+`/g) ?? []);
        assert.deepEqual(placeholders(translated[key] ?? ''), placeholders(text), `${file}: ${key}`);
      }
    }
  });
});

async function filesLike(pattern: RegExp, folder: string): Promise<string[]> {
  const names = await readdir(path.join(root, folder), { recursive: folder !== '.' });
  return names.filter((name) => pattern.test(path.basename(name))).map((name) => path.join(folder, name));
}
