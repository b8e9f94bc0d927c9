// Installs what is missing or out of date, and says nothing when nothing is. Needs only Node and npm.
import path from 'node:path';
import { argv, exit, versions } from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureBundles } from './setup/bundles.mjs';
import { ensureChromium } from './setup/chromium.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { report, SetUpError } from './setup/report.mjs';
import { ensureTracer } from './setup/tracer.mjs';
import { ensureVsCodeHost } from './setup/vscodeHost.mjs';

const OLDEST_NODE = 20;

/** @typedef {'dependencies' | 'bundles' | 'chromium' | 'host' | 'tracer'} Part */

/** In the order in which they build on one another. @type {[Part, () => Promise<unknown>][]} */
const parts = [
  ['dependencies', ensureDependencies],
  ['bundles', ensureBundles],
  ['chromium', ensureChromium],
  ['host', ensureVsCodeHost],
  ['tracer', ensureTracer],
];

const everyPart = parts.map(([part]) => part);

/**
 * Makes the named parts ready. Ends the process with one clear message when that is impossible.
 * @param {Part[]} needed
 */
export async function setUp(needed) {
  try {
    if (Number.parseInt(versions.node, 10) < OLDEST_NODE) {
      throw new SetUpError(`Node ${versions.node} is too old: version ${OLDEST_NODE} or newer is needed.`);
    }
    for (const [part, ensure] of parts) if (needed.includes(part)) await ensure();
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    report(`set-up: ${error.message}`);
    exit(1);
  }
}

/** Parts named on the command line, or all. */
if (argv[1] && path.resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  const named = argv.slice(2);
  await setUp(named.length === 0 ? everyPart : everyPart.filter((part) => named.includes(part)));
}
