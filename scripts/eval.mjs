// `npm run eval`: how often the embedded model is right, on packages it never saw, fetched by name and version.
import { access } from 'node:fs/promises';
import path from 'node:path';
import { becomeNode } from './becomeNode.mjs';
import { root } from './setup/paths.mjs';
import { run, step } from './setup/report.mjs';
import { setUp } from './setup.mjs';

await setUp(['dependencies']);
const texts = path.join(root, 'training/work/heldout.jsonl');
const there = await access(texts).then(
  () => true,
  () => false,
);
if (!there) {
  const corpus = path.join(root, 'training/corpus.py');
  await step('fetching the held-out packages', async () => {
    for (const command of ['fetch', 'build'])
      await run('python3', [corpus, command, 'evaluation'], { cwd: root });
  });
}
await becomeNode(
  ['--import', 'tsx', path.join(root, 'training/evaluate.ts'), ...process.argv.slice(2)],
  root,
);
