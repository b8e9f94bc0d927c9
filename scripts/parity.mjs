// `npm run parity [-- NAME…]`: every model of the family at its true shapes, with few layers, against the reference.
import path from 'node:path';
import { becomeNode } from './becomeNode.mjs';
import { root } from './setup/paths.mjs';
import { setUp } from './setup.mjs';

await setUp(['dependencies']);
await becomeNode(
  ['--import', 'tsx', path.join(root, 'test/trueShapes/run.ts'), ...process.argv.slice(2)],
  root,
);
