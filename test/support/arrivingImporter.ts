// A process that imports what a folder has as if it arrived, and says after each piece how much has come.
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { arriving } from './arrivingImport.ts';
import { serve } from './remoteFolder.ts';

const root = process.argv[2]!;
const model = await arriving(null, 'q8', { root });
const { open, served } = serve(model.remote.bytes, { pieceLength: () => 50_000 });
await model.import(async function* (...request) {
  for await (const piece of open(...request)) {
    writeSync(1, `${served.bytes}\n`);
    // Whoever waits for it hears of it before it is done.
    await setImmediate();
    yield piece;
  }
});
