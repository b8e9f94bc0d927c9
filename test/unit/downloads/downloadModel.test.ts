import assert from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { discardDownload } from '../../../src/inference/store/downloads/discardDownload.ts';
import { listTransfers } from '../../../src/inference/store/downloads/transferFolder.ts';
import { lockFolder } from '../../../src/inference/store/downloads/transferLock.ts';
import { listInstalled } from '../../../src/inference/store/installedModels.ts';
import { verifyModel } from '../../../src/inference/store/verifyModel.ts';
import { type ErrorCode, GemmaError } from '../../../src/protocol/errors.ts';
import { downloadPlace } from '../../support/downloadPlace.ts';
import { COMMIT, listing, REPOSITORY, sha256 } from '../../support/hub.ts';

const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const OTHER_COMMIT = 'decaf'.padEnd(40, '0');
const none: ReadonlySet<string> = new Set();

const fails = (code: ErrorCode, sentence: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GemmaError, String(error));
  assert.match(error.message, sentence);
  assert.equal(error.code, code, error.message);
  return true;
};

type Listing = ReturnType<typeof listing>;

describe('A model of the hub', () => {
  for (const shards of [1, 3]) {
    it(`is downloaded once, whole, from ${shards} weight files, and says where it came from`, async () => {
      await using place = await downloadPlace({ shards });
      await place.download();
      assert.ok(place.hub.servedBytes <= 1.05 * place.totalBytes, `${place.hub.servedBytes} bytes`);
      await verifyModel(join(place.models, 'tiny'));
      const [model] = await listInstalled(place.models);
      assert.deepEqual(model?.origin, {
        kind: 'hub',
        repository: REPOSITORY,
        revision: COMMIT,
        verified: 'first-download',
      });
      assert.deepEqual([model.id, model.name, model.quantization], ['tiny', 'tiny', 'q8']);
      assert.deepEqual(await readdir(join(place.models, '.downloads')), []);
      assert.equal(place.progress.at(-1), place.totalBytes);
      const grows = place.progress.every((bytes, step) => bytes >= (place.progress[step - 1] ?? 0));
      assert.ok(grows);
    });
  }

  it('is not downloaded when it is there, and takes the place of a damaged one', async () => {
    await using place = await downloadPlace();
    await mkdir(join(place.models, 'Tiny'), { recursive: true });
    await place.download();
    const asked = place.hub.asked.length;
    await assert.rejects(place.download(), fails('bad-input', /a model tiny already/));
    assert.equal(place.hub.asked.length, asked);
    assert.equal((await listInstalled(place.models)).length, 1);
  });

  it('goes on where it was after a pause: no byte of a file is asked for twice', async () => {
    await using place = await downloadPlace({ tiny: { layers: 2, hiddenSize: 128, ffnSize: 512 } });
    for (const share of [0.2, 0.5, 0.9]) {
      const stop = new AbortController();
      const onBytes = (bytes: number): void => {
        if (bytes > share * place.totalBytes) stop.abort();
      };
      await assert.rejects(place.download({}, { signal: stop.signal, onBytes }), fails('cancelled', /./));
      const [view] = await listTransfers(place.models, none);
      assert.deepEqual([view?.state, view?.totalBytes], ['paused', place.totalBytes]);
      assert.ok((view?.doneBytes ?? 0) > share * place.totalBytes - 1_000_000);
    }
    place.hub.servedBytes = 0;
    await place.download();
    assert.ok(place.hub.servedBytes < 0.25 * place.totalBytes + 100_000, `${place.hub.servedBytes} bytes`);
    await verifyModel(join(place.models, 'tiny'));
  });

  it('leaves nothing when it is cancelled', async () => {
    await using place = await downloadPlace();
    place.hub.answer = ({ file }) => (file === WEIGHTS ? { dropAfter: 1_000, stall: true } : null);
    const stop = new AbortController();
    const onBytes = (): void => stop.abort();
    await assert.rejects(place.download({}, { signal: stop.signal, onBytes }), fails('cancelled', /./));
    await discardDownload(place.models, 'tiny');
    await discardDownload(place.models, 'tiny');
    assert.deepEqual(await listTransfers(place.models, none), []);
    assert.deepEqual(await readdir(join(place.models, '.downloads')), []);
  });

  it('keeps no token, no address and no proxy', async () => {
    await using place = await downloadPlace();
    place.hub.answer = ({ file }) => (file === WEIGHTS ? { status: 404 } : null);
    const network = { token: 'hf_secret', noProxy: ['secret.example'] };
    await assert.rejects(place.download({}, { network }), fails('bad-input', /does not have/));
    const kept = await readFile(join(place.models, '.downloads', 'tiny', 'transfer.json'), 'utf8');
    assert.ok(!/secret|127\.0\.0\.1/.test(kept), kept);
  });

  it('whose name another unfinished one has is not mixed with it', async () => {
    await using place = await downloadPlace();
    place.hub.answer = () => ({ status: 404 });
    await assert.rejects(place.download(), fails('bad-input', /does not have/));
    await assert.rejects(place.download({ quantization: 'f32' }), fails('bad-input', /has the same name/));
  });
});

const pins = (files: ReadonlyMap<string, Uint8Array>): Record<string, string> =>
  Object.fromEntries(Array.from(files, ([name, content]) => [name, sha256(content)]));

describe('What is known of a model', () => {
  it('is compared with it, and the model says so', async () => {
    await using place = await downloadPlace();
    await place.download({ revision: COMMIT, digests: pins(place.hub.files) });
    const [model] = await listInstalled(place.models);
    assert.equal(model?.origin?.kind === 'hub' && model.origin.verified, 'pinned');
  });

  it('wins over what the hub says: nothing of another file is taken', async () => {
    await using place = await downloadPlace();
    const digests = { [WEIGHTS]: '0'.repeat(64) };
    await assert.rejects(
      place.download({ digests }),
      fails('untrusted', /offers another model\.safetensors/),
    );
    assert.equal(place.hub.servedBytes, 0);
    // The hub names no SHA-256 of small files.
    const small = { 'config.json': '0'.repeat(64) };
    await assert.rejects(place.download({ digests: small }), fails('untrusted', /config\.json/));
    assert.deepEqual(await place.files(), []);
  });

  it('may become known in the middle of a download', async () => {
    await using place = await downloadPlace();
    place.hub.answer = ({ file }) => (file === WEIGHTS ? { status: 404 } : null);
    await assert.rejects(place.download(), fails('bad-input', /does not have/));
    place.hub.answer = () => null;
    await place.download({ digests: pins(place.hub.files) });
    const [model] = await listInstalled(place.models);
    assert.equal(model?.origin?.kind === 'hub' && model.origin.verified, 'pinned');
  });

  it('is what the first download brought: a changed file of the same revision is refused', async () => {
    await using place = await downloadPlace();
    await place.download();
    const changed = new Map(place.hub.files).set(WEIGHTS, Buffer.alloc(5_000, 1));
    place.hub.answer = ({ file }) => (file === null ? { body: JSON.stringify(listing(changed)) } : null);
    const again = { id: 'again' };
    await assert.rejects(place.download(again), fails('untrusted', /not what it was .* first downloaded/));
    assert.equal((await listInstalled(place.models)).length, 1);
    place.hub.answer = () => null;
    await place.download(again);
  });

  it('is the commit of the first download: a newer one is taken only when it is asked for', async () => {
    await using place = await downloadPlace();
    await place.download();
    place.hub.asked.length = 0;
    await place.download({ id: 'again' });
    assert.match(place.hub.asked[0]?.path ?? '', new RegExp(`/revision/${COMMIT}\\?`));
    await assert.rejects(
      place.download({ id: 'newer', revision: OTHER_COMMIT }),
      fails('bad-input', /does not have/),
    );
  });
});

const shardNames = (...names: string[]): ((files: Map<string, Uint8Array>) => void) => {
  const map = Object.fromEntries(names.map((name, tensor) => [`tensor${tensor}`, name]));
  return (files) => files.set(INDEX, Buffer.from(JSON.stringify({ weight_map: map })));
};
const change =
  (name: string, more: Record<string, unknown>) =>
  (list: Listing): unknown => ({
    ...list,
    siblings: list.siblings.map((file) => (file.rfilename === name ? { ...file, ...more } : file)),
  });

describe('A hub that lies', () => {
  for (const [lie, edit] of [
    ['that a file lies elsewhere', shardNames('../../../evil.safetensors')],
    ['that a file has an absolute path', shardNames('/tmp/evil.safetensors')],
    ['that a file lies on another drive', shardNames('C:\\evil.safetensors')],
    ['that a file is a program', shardNames('evil.exe')],
    ['that a model has no weights', shardNames()],
    ['that weights are files it does not list', shardNames('other.safetensors')],
    [
      'that there are thousands of files',
      shardNames(...Array.from({ length: 2_000 }, (_, n) => `${n}.safetensors`)),
    ],
    [
      'with an index that is none',
      (files: Map<string, Uint8Array>) => files.set(INDEX, Buffer.from('{"weight_map": 7}')),
    ],
  ] as [string, (files: Map<string, Uint8Array>) => void][]) {
    it(`${lie} gives nothing`, async () => {
      await using place = await downloadPlace({ edit });
      await assert.rejects(
        place.download(),
        (error) => error instanceof GemmaError && ['untrusted', 'bad-input'].includes(error.code),
      );
      assert.deepEqual(await place.files(), []);
    });
  }

  for (const [lie, edit] of [
    ['about the length of a file', change(WEIGHTS, { size: 3, lfs: undefined })],
    ['with two lengths', change(WEIGHTS, { size: 3 })],
    ['with a length that is none', change('config.json', { size: -1 })],
    [
      'with a length that no disk has',
      change(WEIGHTS, { size: 2 ** 50, lfs: { sha256: '0'.repeat(64), size: 2 ** 50 } }),
    ],
    ['with a config.json of a gigabyte', change('config.json', { size: 2 ** 30 })],
    [
      'with a digest that is a path',
      change(WEIGHTS, { lfs: { sha256: '../../../evil'.padEnd(64, 'x'), size: 5 } }),
    ],
    ['with no digest', change('config.json', { blobId: undefined })],
    ['with another digest', change('config.json', { blobId: '0'.repeat(40) })],
    ['with another digest of the weights', change(WEIGHTS, { lfs: { sha256: '0'.repeat(64), size: 5 } })],
    ['with a commit that is a path', (list: Listing) => ({ ...list, sha: '../../evil' })],
    ['with another commit than asked for', (list: Listing) => ({ ...list, sha: OTHER_COMMIT })],
    [
      'with a file listed twice',
      (list: Listing) => ({ ...list, siblings: [...list.siblings, ...list.siblings] }),
    ],
    ['without a tokenizer', (list: Listing) => ({ ...list, siblings: list.siblings.slice(0, 1) })],
    ['with a list that is none', () => ({ siblings: 'evil' })],
    ['with a list of nothing', () => null],
  ] as [string, (list: Listing) => unknown][]) {
    it(`${lie} gives nothing`, async () => {
      await using place = await downloadPlace();
      place.hub.answer = ({ file }) =>
        file === null ? { body: JSON.stringify(edit(listing(place.hub.files))) } : null;
      await assert.rejects(
        place.download({ revision: COMMIT }),
        (error) => error instanceof GemmaError && ['untrusted', 'bad-input'].includes(error.code),
      );
      assert.deepEqual(await place.files(), []);
    });
  }

  it('with a list without end is not listened to', async () => {
    await using place = await downloadPlace();
    place.hub.answer = () => ({ endless: true });
    await assert.rejects(place.download(), fails('untrusted', /has no end/));
  });

  for (const name of ['config.json', 'tokenizer.json', WEIGHTS]) {
    it(`about the content of ${name} in one bit gives nothing, and the next try may be right`, async () => {
      await using place = await downloadPlace();
      const content = Buffer.from(place.hub.files.get(name) ?? '');
      const middle = Math.floor(content.length / 2);
      content[middle] = (content[middle] ?? 0) ^ 1;
      place.hub.answer = ({ file }) => (file === name ? { body: content } : null);
      await assert.rejects(place.download(), fails('untrusted', new RegExp(name)));
      assert.deepEqual(await place.files(), []);
      place.hub.answer = () => null;
      await place.download();
      await verifyModel(join(place.models, 'tiny'));
    });
  }
});

describe('A file that changes in the middle of its download', () => {
  it('is not used, and may be right the next time', async () => {
    await using place = await downloadPlace();
    const right = place.hub.files.get(WEIGHTS) ?? Buffer.alloc(0);
    const other = Buffer.alloc(right.length, 1);
    place.hub.answer = ({ file, from }) => {
      if (file !== WEIGHTS) return null;
      if (from === 0) return { dropAfter: Math.floor(right.length / 2) };
      const range = `bytes ${from}-${right.length - 1}/${right.length}`;
      return {
        status: 206,
        body: other.subarray(from),
        headers: { 'content-range': range, etag: '"other"' },
      };
    };
    await assert.rejects(place.download(), fails('untrusted', /model\.safetensors/));
    assert.deepEqual(await place.files(), []);
    place.hub.answer = () => null;
    await place.download();
    await verifyModel(join(place.models, 'tiny'));
  });
});

describe('A download that somebody else works on', () => {
  it('is left to them, until they end', async () => {
    await using place = await downloadPlace();
    place.hub.answer = () => ({ status: 404 });
    await assert.rejects(place.download(), fails('bad-input', /does not have/));
    place.hub.answer = () => null;
    const folder = join(place.models, '.downloads', 'tiny');
    const script = join(place.root, 'holder.mjs');
    await build({
      stdin: {
        contents: `
          import { lockFolder } from './src/inference/store/downloads/transferLock.ts';
          await lockFolder(process.argv[2]);
          process.send('locked');`,
        resolveDir: process.cwd(),
        loader: 'ts',
      },
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
    });
    const holder = fork(script, [folder]);
    await once(holder, 'message');
    await assert.rejects(place.download(), fails('bad-input', /downloads this model already/));
    await assert.rejects(discardDownload(place.models, 'tiny'), fails('bad-input', /already/));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await place.download();
  });

  it('is one at a time in one process, too', async () => {
    await using place = await downloadPlace();
    await mkdir(join(place.models, 'any'), { recursive: true });
    const lock = await lockFolder(join(place.models, 'any'));
    await assert.rejects(lockFolder(join(place.models, 'any')), fails('bad-input', /already/));
    lock.release();
    (await lockFolder(join(place.models, 'any'))).release();
  });
});

describe('A full disk', () => {
  it('is a clear message, and the download goes on when there is room', async function () {
    await using place = await downloadPlace({ tiny: { layers: 4, hiddenSize: 128, ffnSize: 1_024 } });
    await mkdir(place.models, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', place.models], { stdio: 'ignore' });
    } catch {
      this.skip();
    }
    try {
      await assert.rejects(place.download(), fails('disk-full', /room|needs/));
      const [view] = await listTransfers(place.models, none);
      assert.equal(view?.state, 'paused');
      execFileSync('mount', ['-o', 'remount,size=256m', place.models]);
      await place.download();
      await verifyModel(join(place.models, 'tiny'));
    } finally {
      execFileSync('umount', [place.models]);
    }
  });
});
