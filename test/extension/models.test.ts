import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { Format } from '../../src/extension/models/format.ts';
import { Hub } from '../../src/extension/models/hub.ts';
import { modelGroups } from '../../src/extension/models/modelRows.ts';
import type { ModelFacts, ModelRow } from '../../src/extension/models/modelRows.ts';
import { groupItem, rowItem } from '../../src/extension/models/rowItem.ts';
import { Settings } from '../../src/extension/settings.ts';
import type { InstalledModel, TransferView } from '../../src/protocol/models.ts';
import { activeExtension, withSetting } from './support/editor.ts';

const GB = 1e9;

const origin = {
  kind: 'hub',
  repository: 'google/gemma-3-1b-it',
  revision: 'abcdef0123456789abcdef0123456789abcdef01',
  verified: 'first-download',
} as const;

const installed: InstalledModel = {
  id: 'gemma-3-1b-it',
  name: 'gemma-3-1b-it',
  origin,
  architecture: 'gemma3',
  parameters: 999_885_952,
  quantization: 'q4',
  chat: true,
  completion: false,
  contextTokens: 32_768,
  kvBytesPerToken: 1_000,
  bytes: 749_000_000,
  loaded: false,
};

const transfer: TransferView = {
  id: 'gemma-4-e2b-it',
  repository: 'google/gemma-4-e2b-it',
  quantization: 'q4',
  state: 'running',
  doneBytes: 2.5 * GB,
  totalBytes: 10 * GB,
  bytesPerSecond: 50_000_000,
  error: null,
};

const facts: ModelFacts = {
  list: { installed: [installed], transfers: [transfer] },
  machine: {
    platform: 'linux',
    arch: 'x64',
    cores: 8,
    memoryBytes: 16 * 2 ** 30,
    freeMemoryBytes: 8 * 2 ** 30,
    freeDiskBytes: 100 * GB,
    backends: ['native', 'wasm'],
  },
  speeds: [],
  chosen: { completion: '', chat: 'gemma-3-1b-it' },
};

/** Languages put spaces of several kinds between a number and its unit. */
const plain = (text: unknown): string => String(text).replaceAll(/[^\S\n]/gu, ' ');
const shown = (row: ModelRow | undefined): vscode.TreeItem => {
  assert.ok(row);
  return rowItem(row, new Format('en'));
};
const rowsOf = (name: string, more: Partial<ModelFacts> = {}): readonly ModelRow[] =>
  modelGroups({ ...facts, ...more }).find((group) => group.name === name)?.rows ?? [];

describe('the models view', function () {
  this.timeout(60_000);
  before(activeExtension);

  it('says what a model is used for, how large it is, and what its files were compared with', () => {
    const [row] = rowsOf('installed');
    const item = shown(row);
    assert.equal(item.label, 'Gemma 3 1B Instruct');
    assert.equal(plain(item.description), 'used for chat · 749 MB');
    assert.match(plain(item.tooltip), /From google\/gemma-3-1b-it, revision abcdef012345\n.*first download/);
    assert.equal(item.accessibilityInformation?.label, `${item.label}, ${String(item.description)}`);
    assert.equal(item.contextValue, 'installed fromHub unusedForCompletion');
    const pinned: InstalledModel = { ...installed, origin: { ...origin, verified: 'pinned' } };
    const other = shown(rowsOf('installed', { list: { installed: [pinned], transfers: [] } })[0]);
    assert.match(plain(other.tooltip), /written in the extension/);
    assert.notDeepEqual(other.iconPath, item.iconPath);
  });

  it('says how a download goes, and why it doesn’t', () => {
    assert.equal(
      plain(shown(rowsOf('downloads')[0]).description),
      '25% · 2.5 GB of 10 GB · 50 MB/s · 3 min left',
    );
    const of = (change: Partial<TransferView>): vscode.TreeItem =>
      shown(rowsOf('downloads', { list: { installed: [], transfers: [{ ...transfer, ...change }] } })[0]);
    assert.equal(plain(of({ state: 'paused' }).description), 'paused at 25% of 10 GB');
    assert.equal(of({ state: 'paused' }).contextValue, 'transfer paused');
    const failed = of({ state: 'failed', error: { code: 'network', message: 'The hub can’t be reached.' } });
    assert.equal(plain(failed.description), 'failed at 25%');
    assert.match(plain(failed.tooltip), /The hub can’t be reached\./);
    assert.equal(plain(of({ doneBytes: 0, totalBytes: 0, bytesPerSecond: 0 }).description), 'beginning…');
  });

  it('marks what is recommended with its reason, and says why others are not', () => {
    const rows = rowsOf('available', { list: { installed: [], transfers: [] } });
    const [first, last] = [shown(rows[0]), shown(rows.at(-1))];
    assert.match(plain(first.description), /^[\d.]+ GB · recommended for (chat|completion) · /);
    assert.match(plain(first.tooltip), /The best that fits: it takes [\d.]+ GB of 16 GB of memory\./);
    assert.match(plain(last.description), /^[\d.]+ GB · too large for this machine · /);
    assert.match(plain(last.tooltip), /It takes [\d.]+ GB of memory; this machine has 16 GB in all\./);
    const gated = rows.find((row) => row.kind === 'available' && row.offer.model.gated);
    assert.match(plain(shown(gated).tooltip), /Licence: Gemma Terms of Use\. The hub gives it to accounts/);
  });

  it('has a model used for what a person says, and the built-in one again', async () => {
    const setting = 'gemmaCode.completion.model';
    const [own, builtIn] = rowsOf('installed');
    // Nothing has to be loaded for that.
    await withSetting('gemmaCode.completion.enabled', false, async () => {
      await withSetting(setting, '', async () => {
        await vscode.commands.executeCommand('gemmaCode.useForCompletion', own);
        assert.equal(vscode.workspace.getConfiguration().get(setting), 'gemma-3-1b-it');
        await vscode.commands.executeCommand('gemmaCode.useForCompletion', builtIn);
        assert.equal(vscode.workspace.getConfiguration().get(setting), '');
      });
    });
  });

  it('heads its groups with how many rows they have', () => {
    const items = modelGroups(facts).map((group) => groupItem(group));
    assert.deepEqual(
      items.slice(0, 2).map(({ label, description }) => [label, description]),
      [
        ['Installed', '2'],
        ['Downloads', '1'],
      ],
    );
  });
});

/** As VS Code's, without its disk. */
function secrets(): vscode.SecretStorage {
  const kept = new Map<string, string>();
  return {
    keys: async () => [...kept.keys()],
    get: async (key: string) => kept.get(key),
    store: async (key: string, value: string) => void kept.set(key, value),
    delete: async (key: string) => void kept.delete(key),
    onDidChange: new vscode.EventEmitter<vscode.SecretStorageChangeEvent>().event,
  };
}

describe('the hub', function () {
  this.timeout(60_000);
  before(activeExtension);

  it('gets the token that it was given, and never that of another', async () => {
    const settings = new Settings();
    const hub = new Hub(settings, secrets());
    await hub.keepToken('hf_for_the_hub');
    assert.equal((await hub.network()).token, 'hf_for_the_hub');
    await withSetting('gemmaCode.models.endpoint', 'https://mirror.example', async () => {
      assert.deepEqual(
        { ...(await hub.network()), proxy: null, noProxy: [] },
        {
          endpoint: 'https://mirror.example',
          token: null,
          proxy: null,
          noProxy: [],
          strictProxyCertificate: true,
          systemCertificates: true,
        },
      );
    });
    await hub.removeToken();
    assert.equal((await hub.network()).token, null);
    settings.dispose();
  });

  it('is reached as VS Code’s own settings say', async () => {
    const settings = new Settings();
    const hub = new Hub(settings, secrets());
    await withSetting('http.proxy', 'http://proxy.example:3128', async () => {
      assert.equal((await hub.network()).proxy, 'http://proxy.example:3128');
    });
    await withSetting('gemmaCode.models.endpoint', 'http://hub.example', async () => {
      await assert.rejects(hub.network(), { code: 'bad-input' });
    });
    settings.dispose();
  });
});
