// `npm run bench [-- MODE]`: what a person waits for, on each backend; the other modes run large models of random weights.
import path from 'node:path';
import { becomeNode } from './becomeNode.mjs';
import { root } from './setup/paths.mjs';
import { setUp } from './setup.mjs';

const modes = ['run', 'busy', 'chat', 'machine', 'peers', 'snapshot', 'speculate', 'switch', 'turns'];
const mode = process.argv[2] ?? 'run';
if (!modes.includes(mode)) {
  console.error(`There is no bench ${mode}. The benches are: ${modes.join(', ')}.`);
  process.exit(2);
}
await setUp(['dependencies', 'bundles']);
await becomeNode(['--import', 'tsx', path.join(root, `bench/${mode}.ts`), ...process.argv.slice(3)], root);
