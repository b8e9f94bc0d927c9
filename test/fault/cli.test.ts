import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fakeEntry, testHome } from '../support/inferenceProcess.ts';
import type { TestHome } from '../support/inferenceProcess.ts';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the command line', function () {
  this.timeout(60_000);
  let home: TestHome;
  let cli: string;

  before(async () => {
    cli = join(dirname(await fakeEntry()), '..', 'cli.mjs');
  });
  beforeEach(async () => {
    home = await testHome();
  });
  afterEach(() => home.dispose());

  function run(...args: string[]): Promise<Outcome> {
    return new Promise((resolve) => {
      execFile(process.execPath, [cli, ...args], (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  /** A file with `content`, and the arguments that complete in it at `place`. */
  async function completeIn(content: string | Buffer, place: string, name = 'a.ts'): Promise<Outcome> {
    const file = join(home.options.home, name);
    await writeFile(file, content);
    return run('complete', `${file}:${place}`, '--json', '--home', home.options.home);
  }

  /** The prefix that reached the engine: the scripted one gives it back as its suggestion. */
  async function prefixAt(content: string | Buffer, place: string): Promise<unknown> {
    const { code, stdout, stderr } = await completeIn(content, place);
    assert.equal(code, 0, stderr);
    const { text }: { text: unknown } = JSON.parse(stdout);
    return text;
  }

  it('completes with one JSON object on stdout and nothing on stderr', async () => {
    const { code, stdout, stderr } = await completeIn('const x ', '1:9');
    assert.equal(code, 0);
    assert.equal(stderr, '');
    assert.equal(stdout.split('\n').length, 2);
    const result: Record<string, unknown> = JSON.parse(stdout);
    assert.deepEqual(Object.keys(result), [
      'text',
      'source',
      'confidence',
      'model',
      'backend',
      'promptTokens',
      'cachedTokens',
      'prefillMs',
      'decodeMs',
      'tokens',
    ]);
    assert.equal(result['text'], 'const x ');
  });

  it('says why nothing is suggested', async () => {
    const { code, stdout } = await completeIn('', '1:1');
    assert.equal(code, 0);
    const { text, reason }: { text: unknown; reason: unknown } = JSON.parse(stdout);
    assert.deepEqual({ text, reason }, { text: null, reason: 'blank' });
  });

  it('counts columns in UTF-16 units, on any line end, without a byte order mark', async () => {
    assert.equal(await prefixAt('a😀\nb', '1:4'), 'a😀');
    assert.equal(await prefixAt('\u{FEFF}abc', '1:4'), 'abc');
    assert.equal(await prefixAt('abc\r\n', '1:4'), 'abc');
    assert.equal(await prefixAt('abc', '1:4'), 'abc');
  });

  const badPlaces: Record<string, readonly [content: string, place: string, why: RegExp]> = {
    'line zero': ['abc', '0:1', /FILE:LINE:COL/],
    'column zero': ['abc', '1:0', /FILE:LINE:COL/],
    'no column': ['abc', '1', /FILE:LINE:COL/],
    'a line after the last': ['abc\n', '3:1', /has 2 lines, not 3/],
    'a column after the line end': ['abc\r\ndef', '1:5', /columns 1 to 4, not 5/],
    'a column inside a surrogate pair': ['a😀b', '1:3', /inside a character/],
  };
  for (const [what, [content, place, why]] of Object.entries(badPlaces)) {
    it(`refuses ${what}`, async () => assertRefused(await completeIn(content, place), why));
  }

  it('refuses a file that is not there, a folder, a binary file and one that is not UTF-8', async () => {
    assertRefused(await run('complete', '/no/such/file.ts:1:1'), /does not exist/);
    assertRefused(await run('complete', `${home.options.home}:1:1`), /is not a file/);
    assertRefused(await completeIn(Buffer.from([1, 2, 0, 3]), '1:1'), /binary/);
    assertRefused(await completeIn(Buffer.from([0x61, 0xff, 0xfe]), '1:1'), /UTF-8/);
  });

  it('refuses a file of 100 MB without reading it', async () => {
    const path = join(home.options.home, 'large.ts');
    const file = await open(path, 'w');
    await file.truncate(100_000_000);
    await file.close();
    assertRefused(await run('complete', `${path}:1:1`), /longer than/);
  });

  it('refuses unknown commands, options and values', async () => {
    assertRefused(await run('compleet'), /no command compleet/);
    assertRefused(await run('complete', 'a.ts:1:1', '--jsn'), /--jsn/);
    assertRefused(await run('complete', '--json'), /FILE:LINE:COL/);
    assertRefused(await run('complete', 'a.ts:1:1', '--backend', 'gpu'), /--backend/);
    assertRefused(await run('import', 'x', '--out', 'y', '--quantization', 'q3'), /--quantization/);
    assertRefused(await run('import', 'x'), /--out/);
    assertRefused(await run('logits', '--tokens', '1,x'), /--tokens/);
  });

  it('explains itself', async () => {
    for (const args of [
      ['--help'],
      ['complete', '--help'],
      ['chat', '-h'],
      ['import', '-h'],
      ['logits', '--help'],
      [],
    ]) {
      const { code, stdout } = await run(...args);
      assert.equal(code, 0);
      assert.match(stdout, /--help|--home/);
    }
  });

  it('ends with 1 and one line when it is not the caller who is wrong', async () => {
    const file = join(home.options.home, 'a.ts');
    await writeFile(file, 'abc');
    const model = join(home.options.home, 'oom');
    await mkdir(model);
    const { code, stdout, stderr } = await run(
      'complete',
      `${file}:1:1`,
      '--json',
      '--model',
      model,
      '--home',
      home.options.home,
    );
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^Not enough memory[^\n]+\n$/);
  });
});

function assertRefused({ code, stdout, stderr }: Outcome, pattern: RegExp): void {
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, pattern);
  assert.match(stderr, /^[^\n]+\n$/, 'one line');
}
