// `npm test [-- SUITE…] [-- mocha options]`: runs every suite, whatever happens, and adds them up.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './setup/paths.mjs';
import { setUp } from './setup.mjs';
import { prerequisites, suites } from './suites.mjs';

/** @typedef {import('./suites.mjs').Task} Task */
/** @typedef {{ passed: number, failed: number, skipped: number, failures: string[] }} Counts */

/** Every wait inside the tests has a limit of its own; this ends what still hangs. */
const TASK_LIMIT_MS = 10 * 60_000;
/** For a task that was asked to end. */
const FAREWELL_MS = 20_000;

const { chosen, passedOn } = readArguments(process.argv.slice(2));
await setUp([...new Set(chosen.flatMap((name) => suites[name]?.needs ?? []))]);

/** @type {Counts} */
const total = { passed: 0, failed: 0, skipped: 0, failures: [] };
let interrupted = false;
process.on('SIGINT', () => (interrupted = true));
const folder = await mkdtemp(path.join(tmpdir(), 'gemma-code-test-'));
const started = performance.now();
try {
  for (const name of chosen) {
    for (const task of suites[name]?.tasks ?? []) {
      if (interrupted) break;
      const counts = await runTask(task);
      total.passed += counts.passed;
      total.failed += counts.failed;
      total.skipped += counts.skipped;
      total.failures.push(...counts.failures.map((failure) => `${name}: ${failure}`));
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`\nAll of it took ${((performance.now() - started) / 1000).toFixed(0)} s.`);
for (const failure of total.failures) console.log(`FAILED ${failure}`);
if (total.skipped > 0) console.log(`${total.skipped} skipped`);
if (interrupted) console.log('Interrupted: not everything ran.');
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 || interrupted ? 1 : 0;

/** @param {string[]} args */
function readArguments(args) {
  const firstOption = args.findIndex((argument) => argument.startsWith('-'));
  const names = firstOption < 0 ? args : args.slice(0, firstOption);
  const unknown = names.find((name) => !(name in suites));
  if (unknown !== undefined) {
    console.error(`There is no suite ${unknown}. The suites are: ${Object.keys(suites).join(', ')}.`);
    process.exit(2);
  }
  const wanted = new Set(names.flatMap((name) => [prerequisites[name] ?? name, name]));
  return {
    chosen: Object.keys(suites).filter((name) => wanted.size === 0 || wanted.has(name)),
    passedOn: firstOption < 0 ? [] : args.slice(firstOption),
  };
}

/** @param {Task} task @returns {Promise<Counts>} */
async function runTask(task) {
  console.log(`\n── ${task.title} ──`);
  const began = performance.now();
  const countsFile = path.join(folder, 'counts.json');
  await rm(countsFile, { force: true });
  const isMocha = task.args.some((argument) => argument.endsWith('mocha.js'));
  const code = await runNode([...task.args, ...(isMocha ? passedOn : [])], countsFile);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (task.counts === 'exit-code') {
    console.log(code === 0 ? `passed in ${seconds} s` : `failed with code ${code} after ${seconds} s`);
    return code === 0 ? one('passed') : { ...one('failed'), failures: [task.title] };
  }
  /** @type {Counts | undefined} */
  const counts = await readFile(countsFile, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  console.log(`${task.title}: ${seconds} s`);
  if (!counts) return { ...one('failed'), failures: [`${task.title} broke off (code ${code})`] };
  if (code !== 0 && counts.failed === 0) {
    return { ...counts, failed: 1, failures: [`${task.title} ended with code ${code}`] };
  }
  return counts;
}

/** @param {'passed' | 'failed'} what @returns {Counts} */
function one(what) {
  return { passed: 0, failed: 0, skipped: 0, failures: [], [what]: 1 };
}

/**
 * @param {string[]} args
 * @param {string} countsFile
 * @returns {Promise<number | NodeJS.Signals>} how it ended
 */
function runNode(args, countsFile) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, GEMMA_CODE_TEST_COUNTS: countsFile };
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env });
    const limit = setTimeout(() => {
      console.log(`There is no end after ${TASK_LIMIT_MS / 60_000} minutes: stopping it.`);
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGKILL'), FAREWELL_MS).unref();
    }, TASK_LIMIT_MS);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(limit);
      resolve(code ?? signal ?? 1);
    });
  });
}
