// `npm start`: shows ghost text in a real VS Code. `npm start -- complete|import|logits …`: the same in a terminal.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { root } from './setup/paths.mjs';
import { setUp } from './setup.mjs';

const CLI_COMMANDS = new Set(['complete', 'import', 'logits']);

const args = process.argv.slice(2);
const [first] = args;

if (first !== undefined && CLI_COMMANDS.has(first)) {
  await setUp(['dependencies', 'bundles']);
  await become([path.join(root, 'dist/cli.mjs'), ...args], callersFolder());
} else if (first === undefined || first.startsWith('--')) {
  await setUp(['dependencies', 'bundles']);
  await become(['--import', 'tsx', path.join(root, 'test/host/demo.ts'), ...args], root);
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

/**
 * Runs Node with `nodeArgs` in our place: same terminal, signals passed on, same exit code.
 * @param {string[]} nodeArgs
 * @param {string | undefined} cwd
 */
async function become(nodeArgs, cwd) {
  const child = spawn(process.execPath, nodeArgs, { stdio: 'inherit', cwd });
  // The terminal sends Ctrl+C to both; the child decides when it is done.
  process.on('SIGINT', () => undefined);
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
