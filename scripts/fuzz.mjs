// `npm run fuzz`: as many damaged and foreign snapshots as we promise to refuse; the unit suite tries 500.
import path from 'node:path';
import { becomeNode } from './becomeNode.mjs';
import { root } from './setup/paths.mjs';
import { setUp } from './setup.mjs';

await setUp(['dependencies']);
process.env['GEMMA_CODE_FUZZ_RUNS'] = '10000';
const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
await becomeNode(['--import', 'tsx', mocha, path.join(root, 'test/unit/kv/snapshot.test.ts')], root);
