// `npm start`: shows ghost text in a real VS Code. `npm start -- complete|chat|import|logits|models …`: the same in a terminal.
import path from 'node:path';
import { becomeNode } from './becomeNode.mjs';
import { root } from './setup/paths.mjs';
import { setUp } from './setup.mjs';

const CLI_COMMANDS = new Set(['complete', 'chat', 'import', 'logits', 'models']);

const args = process.argv.slice(2);
const [first] = args;

if (first !== undefined && CLI_COMMANDS.has(first)) {
  await setUp(['dependencies', 'bundles']);
  await becomeNode([path.join(root, 'dist/cli.mjs'), ...args], callersFolder());
} else if (first === undefined || first.startsWith('--')) {
  await setUp(['dependencies', 'bundles']);
  await becomeNode(['--import', 'tsx', path.join(root, 'test/host/demo.ts'), ...args], root);
} else {
  console.error(
    `Unknown command: ${first}. Known are: ${[...CLI_COMMANDS].join(', ')}; without one, the demo starts.`,
  );
  process.exitCode = 2;
}

/** Where the person typed the command: npm changes to the package's folder first. */
function callersFolder() {
  return process.env['npm_lifecycle_event'] === 'start' ? process.env['INIT_CWD'] : undefined;
}
