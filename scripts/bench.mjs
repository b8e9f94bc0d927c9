// `npm run bench`: what a person waits for, on each backend.
import path from 'node:path';
import { becomeNode } from './becomeNode.mjs';
import { root } from './setup/paths.mjs';
import { setUp } from './setup.mjs';

await setUp(['dependencies', 'bundles']);
await becomeNode(['--import', 'tsx', path.join(root, 'bench/run.ts')], root);
