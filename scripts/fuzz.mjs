// `npm run fuzz`: as many damaged files, broken connections and killed processes as we promise to survive; the suites try fewer.
import path from 'node:path';
import { becomeNode } from './becomeNode.mjs';
import { root } from './setup/paths.mjs';
import { setUp } from './setup.mjs';

await setUp(['dependencies']);
process.env['GEMMA_CODE_FUZZ_RUNS'] = '10000';
process.env['GEMMA_CODE_KILLS'] = '1000';
process.env['GEMMA_CODE_DROPS'] = '1000';
process.env['GEMMA_CODE_DOWNLOAD_KILLS'] = '100';
const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
const files = [
  'test/unit/kv/snapshot.test.ts',
  'test/unit/importer/importArriving.test.ts',
  'test/unit/hub/remoteFiles.test.ts',
  'test/fault/conversations.test.ts',
  'test/fault/arrivingImport.test.ts',
  'test/fault/downloads.test.ts',
];
await becomeNode(['--import', 'tsx', mocha, ...files.map((file) => path.join(root, file))], root);
