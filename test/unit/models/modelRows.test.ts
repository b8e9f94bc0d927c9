import assert from 'node:assert/strict';
import { catalogue } from '../../../src/catalogue/catalogue.ts';
import {
  diskUse,
  installedName,
  modelGroups,
  nameOf,
  offers,
} from '../../../src/extension/models/modelRows.ts';
import type { ModelFacts, ModelRow } from '../../../src/extension/models/modelRows.ts';
import type { InstalledModel, Machine, TransferView } from '../../../src/protocol/models.ts';

const GB = 1e9;

const machine: Machine = {
  platform: 'linux',
  arch: 'x64',
  cores: 8,
  memoryBytes: 16 * GB,
  freeMemoryBytes: 8 * GB,
  freeDiskBytes: 100 * GB,
  backends: ['native', 'wasm'],
};

const installed: InstalledModel = {
  id: 'gemma-3-1b-it',
  name: 'gemma-3-1b-it',
  origin: {
    kind: 'hub',
    repository: 'google/gemma-3-1b-it',
    revision: '0'.repeat(40),
    verified: 'first-download',
  },
  architecture: 'gemma3',
  parameters: 1_000_000_000,
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
  doneBytes: 1,
  totalBytes: 2,
  bytesPerSecond: 1,
  error: null,
};

const nothing: ModelFacts = {
  list: { installed: [], transfers: [] },
  machine,
  speeds: [],
  chosen: { completion: '', chat: '' },
};

const rowsOf = (facts: ModelFacts, name: string): readonly ModelRow[] =>
  modelGroups(facts).find((group) => group.name === name)?.rows ?? [];

describe('the rows of the models view', () => {
  it('begin with what is here, and leave empty groups out', () => {
    assert.deepEqual(
      modelGroups(nothing).map(({ name }) => name),
      ['installed', 'available'],
    );
    assert.deepEqual(rowsOf(nothing, 'installed'), [{ kind: 'built-in', roles: ['completion'] }]);
  });

  it('tell what each model is used for', () => {
    const facts = {
      ...nothing,
      list: { installed: [installed], transfers: [] },
      chosen: { completion: installed.id, chat: installed.id },
    };
    assert.deepEqual(rowsOf(facts, 'installed'), [
      { kind: 'installed', model: installed, roles: ['completion', 'chat'] },
      { kind: 'built-in', roles: [] },
    ]);
    assert.equal(diskUse(facts.list), installed.bytes);
    const builtIn = { ...installed, id: 'pebble-q8-0123456789abcdef', origin: null };
    const list = { installed: [builtIn], transfers: [] };
    assert.deepEqual(rowsOf({ ...nothing, list }, 'installed'), rowsOf(nothing, 'installed'));
  });

  it('list every model once: here, on its way, or to be had', () => {
    const facts = { ...nothing, list: { installed: [installed], transfers: [transfer] } };
    const ids = modelGroups(facts).flatMap(({ rows }) =>
      rows.flatMap((row) => {
        if (row.kind === 'installed') return [row.model.id];
        if (row.kind === 'transfer') return [row.transfer.id];
        return row.kind === 'available' ? [row.offer.model.id] : [];
      }),
    );
    assert.deepEqual(ids.toSorted(), catalogue.map(({ id }) => id).toSorted());
  });

  it('put the recommended ones first, with reasons, and last what is too large', () => {
    const all = offers(nothing);
    const recommended = all.filter((offer) => offer.recommended !== null);
    assert.deepEqual(all.slice(0, recommended.length), recommended);
    assert.deepEqual(
      new Set(recommended.map((offer) => offer.recommended?.role)),
      new Set(['chat', 'completion']),
    );
    for (const offer of recommended) assert.ok((offer.recommended?.reasons.length ?? 0) > 0);
    const fits = all.slice(recommended.length).map(({ verdict }) => verdict?.fits ?? true);
    assert.deepEqual(
      fits,
      fits.toSorted((one, other) => Number(other) - Number(one)),
    );
    assert.equal(all.at(-1)?.verdict?.fits, false);
  });

  it('judge nothing while nothing is known of the machine', () => {
    for (const { verdict, recommended } of offers({ ...nothing, machine: null })) {
      assert.equal(verdict, null);
      assert.equal(recommended, null);
    }
  });

  it('offer for one purpose only what was made for it', () => {
    assert.ok(offers(nothing, 'chat').every(({ model }) => model.purposes.includes('chat')));
    assert.ok(offers(nothing, 'chat').length < offers(nothing).length);
  });

  it('call a model as the catalogue does only where it surely is that one', () => {
    assert.equal(installedName(installed), 'Gemma 3 1B Instruct');
    const origin = { kind: 'folder', path: '/gemma-3-1b-it' } as const;
    assert.equal(installedName({ ...installed, origin }), 'gemma-3-1b-it');
    assert.equal(installedName({ ...installed, origin: null }), 'gemma-3-1b-it');
    assert.equal(nameOf(transfer), 'Gemma 4 E2B Instruct');
    assert.equal(nameOf({ id: 'mine', repository: 'me/mine' }), 'me/mine');
  });
});
