import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { arrivedBytes } from '../../src/inference/importer/importArriving.ts';
import { type Arriving, arriving, assertSameFiles, importedFiles } from '../support/arrivingImport.ts';
import { randomCheckpoint } from '../support/checkpoints.ts';
import { serve } from '../support/remoteFolder.ts';

const IMPORTER = fileURLToPath(new URL('../support/arrivingImporter.ts', import.meta.url));
/** `npm run fuzz` kills more. */
const KILLS = Math.ceil(Number(process.env['GEMMA_CODE_KILLS'] ?? 30) / 10);
const MB = 1_000_000;

/** Runs a process that imports `model`, and kills it some time after it has received `bytes`. @returns what it received */
async function killAfter({ root }: Arriving, bytes: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', IMPORTER, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const received = (): number => Number(text.split('\n').at(-2) ?? 0);
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (received() >= bytes) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return received();
}

describe('A model that arrives, in a process that is killed', function () {
  this.timeout(30_000 + KILLS * 10_000);

  it(`${KILLS} times loses 1 MB at most each time, and is the same in the end`, async () => {
    const checkpoint = randomCheckpoint({ layers: 2, vocabSize: 20_000, hiddenSize: 64, ffnSize: 8_192 });
    await using model = await arriving(checkpoint, 'q8', { dtype: 'BF16', shards: 2 });
    const total = model.remote.files.reduce((sum, { bytes }) => sum + bytes, 0);
    let arrived = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      if (total - arrived < 3 * MB) await model.reset();
      const before = await arrivedBytes(model.work);
      // Far enough from the end that the process is killed before it.
      const received = await killAfter(model, (Math.random() * (total - before)) / 2);
      arrived = await arrivedBytes(model.work);
      assert.ok(arrived > before + received - MB, `${arrived} of ${before + received}`);
    }
    const { open, served } = serve(model.remote.bytes);
    await model.import(open);
    assert.equal(served.bytes, total - arrived);
    assertSameFiles(model.files(), await importedFiles(model, 'q8'));
  });
});
