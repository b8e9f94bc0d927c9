// `npm run bench`: what a person waits for, measured on this machine.
import path from 'node:path';
import { becomeNode } from './becomeNode.mjs';
import { root } from './setup/paths.mjs';
import { setUp } from './setup.mjs';

await setUp(['dependencies', 'bundles']);
await becomeNode(['--import', 'tsx', path.join(root, 'bench/run.ts'), ...process.argv.slice(2)], root);
