// `npm test [-- SUITE…] [-- mocha options]`: runs every suite, whatever happens, and adds them up. Suites that drive
// windows mostly wait, so they run beside those that compute.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './setup/paths.mjs';
import { setUp } from './setup.mjs';
import { first, prerequisites, suites, withWindows } from './suites.mjs';

/** @typedef {import('./suites.mjs').Task} Task */
/** @typedef {{ passed: number, failed: number, skipped: number, failures: string[] }} Counts */

/** Every wait inside the tests has a limit of its own; this ends what still hangs. */
const TASK_LIMIT_MS = 12 * 60_000;
/** For a task that was asked to end. */
const FAREWELL_MS = 20_000;
const LAST_LINES_MS = 500;

const { chosen, passedOn } = readArguments(process.argv.slice(2));
await setUp([...new Set(chosen.flatMap((name) => suites[name]?.needs ?? []))]);

/** @type {Counts} */
const total = { passed: 0, failed: 0, skipped: 0, failures: [] };
let interrupted = false;
process.on('SIGINT', () => (interrupted = true));
const folder = await mkdtemp(path.join(tmpdir(), 'gemma-code-test-'));
const started = performance.now();
const rest = chosen.filter((name) => !first.has(name));
const lanes = [
  rest.filter((name) => !withWindows.has(name)),
  rest.filter((name) => withWindows.has(name)),
].filter((names) => names.length > 0);
try {
  await runSuites(
    chosen.filter((name) => first.has(name)),
    false,
  );
  await Promise.all(lanes.map((names) => runSuites(names, lanes.length > 1)));
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

/**
 * One after the other.
 *
 * @param {string[]} names
 * @param {boolean} hasCompany others run at the same time: every line says whose it is
 */
async function runSuites(names, hasCompany) {
  for (const name of names) {
    for (const task of suites[name]?.tasks ?? []) {
      if (interrupted) return;
      const counts = await runTask(task, hasCompany ? `${task.title} │ ` : null);
      total.passed += counts.passed;
      total.failed += counts.failed;
      total.skipped += counts.skipped;
      total.failures.push(...counts.failures.map((failure) => `${name}: ${failure}`));
    }
  }
}

/** @param {Task} task @param {string | null} prefix of every line it writes @returns {Promise<Counts>} */
async function runTask(task, prefix) {
  console.log(`\n── ${task.title} ──`);
  const began = performance.now();
  const countsFile = path.join(folder, `${task.title.replaceAll(/\W/g, '-')}.json`);
  const isMocha = task.args.some((argument) => argument.endsWith('mocha.js'));
  const args = [...task.args, ...(isMocha ? passedOn : [])];
  const code = await runNode(args, countsFile, prefix);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (task.counts === 'exit-code') {
    console.log(`${task.title}: ${code === 0 ? 'passed' : `failed with code ${code}`} after ${seconds} s`);
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
 * @param {string | null} prefix of every line it writes; null: it writes where we write
 * @returns {Promise<number | NodeJS.Signals>} how it ended
 */
function runNode(args, countsFile, prefix) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, GEMMA_CODE_TEST_COUNTS: countsFile };
    const output = prefix === null ? 'inherit' : 'pipe';
    /** @type {import('node:child_process').ChildProcess} */
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['inherit', output, output], env });
    for (const input of [child.stdout, child.stderr]) {
      if (input !== null) createInterface({ input }).on('line', (line) => console.log(`${prefix}${line}`));
    }
    const limit = setTimeout(() => {
      console.log(`There is no end after ${TASK_LIMIT_MS / 60_000} minutes: stopping it.`);
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGKILL'), FAREWELL_MS).unref();
    }, TASK_LIMIT_MS);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(limit);
      const end = () => resolve(code ?? signal ?? 1);
      // Its last lines are on their way; what it left running may keep the pipe open for ever.
      if (prefix === null) end();
      else setTimeout(end, LAST_LINES_MS);
    });
  });
}
