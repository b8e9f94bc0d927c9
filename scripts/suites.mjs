// What `npm test` consists of, in the order in which a failure tells most.
import path from 'node:path';
import { root } from './setup/paths.mjs';

/** @typedef {import('./setup.mjs').Part} Part */

/**
 * A program that counts as one test, by its exit code, or a program that leaves mocha's counts.
 * @typedef {{ title: string, args: string[], counts: 'exit-code' | 'mocha' }} Task `args` are Node's
 */

/** @typedef {{ needs: Part[], tasks: Task[] }} Suite */

/** @param {string} name @param {string[]} rest */
const bin = (name, ...rest) => [path.join(root, 'node_modules', name), ...rest];

/** @param {string} title @param {string[]} args @returns {Task} */
const check = (title, args) => ({ title, args, counts: 'exit-code' });

const MOCHA_OPTIONS = [
  '--require',
  'tsx',
  '--reporter',
  './test/host/countingReporter.ts',
  '--timeout',
  '30000',
];

/** @param {string} folder @returns {Task} */
const mocha = (folder) => ({
  title: folder,
  args: bin('mocha/bin/mocha.js', ...MOCHA_OPTIONS, `${folder}/**/*.test.ts`),
  counts: 'mocha',
});

/** @type {Record<string, Suite>} */
export const suites = {
  check: {
    needs: ['dependencies'],
    tasks: [
      check('types and layers', bin('typescript/bin/tsc', '-b')),
      check('lint', bin('oxlint/bin/oxlint', '--type-aware', '--deny-warnings')),
      check('format', bin('oxfmt/bin/oxfmt', '--check')),
      check('unused code', bin('knip/bin/knip.js')),
    ],
  },
  unit: { needs: ['dependencies'], tasks: [mocha('test/unit')] },
  // Chromium brings the Vulkan driver that stands in for a GPU.
  parity: { needs: ['dependencies', 'bundles', 'chromium'], tasks: [mocha('test/parity')] },
  fault: { needs: ['dependencies', 'bundles'], tasks: [mocha('test/fault')] },
  host: { needs: ['dependencies', 'chromium', 'host'], tasks: [mocha('test/host')] },
  extension: {
    needs: ['dependencies', 'bundles', 'chromium', 'host'],
    tasks: [
      {
        title: 'test/extension',
        args: ['--import', 'tsx', 'test/host/runExtensionTests.ts'],
        counts: 'mocha',
      },
    ],
  },
  package: {
    needs: ['dependencies'],
    tasks: [
      // Twice: the one without and one with a native library; the others are made of the same parts.
      check('packages', ['scripts/package.mjs', '--target=all', '--again=universal', '--again=linux-x64']),
    ],
  },
  e2e: { needs: ['dependencies', 'chromium', 'host', 'tracer'], tasks: [mocha('test/e2e')] },
};

/** Suites that use what another one makes. @type {Record<string, string>} */
export const prerequisites = { e2e: 'package' };
