// What set-up says, and how it runs other programs. Everything goes to stderr: stdout belongs to the command itself.
import { spawn } from 'node:child_process';

/** One line on stderr. @param {string} line */
export function report(line) {
  process.stderr.write(`${line}\n`);
}

/** A set-up step can't be done; the message says what the person can do about it. */
export class SetUpError extends Error {}

/** @param {number} since from `performance.now()` */
export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** How often a long step says that it is still going on. */
const HEARTBEAT_MS = 10_000;

/**
 * Runs `work` with one line before, a line every ten seconds, and one after.
 * @template T
 * @param {string} title what is being done, in words
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = performance.now();
  report(`set-up: ${title} …`);
  const heartbeat = setInterval(
    () => report(`set-up: ${title}: still at it after ${seconds(started)}`),
    HEARTBEAT_MS,
  );
  try {
    const result = await work();
    report(`set-up: ${title}: done in ${seconds(started)}`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}

/** How much of a failing program's output is shown. */
const SHOWN_OUTPUT_CHARS = 4_000;

/**
 * Runs a program quietly; its output is shown only when it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>} its stdout
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    // npm is a .cmd file on Windows, which only a shell can start.
    const shell = process.platform === 'win32' && command === 'npm';
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], shell, ...options });
    let stdout = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (all += text));
    child.on('error', (error) => reject(new SetUpError(`${command} can't be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      const how = signal ? `was ended by ${signal}` : `failed with code ${code}`;
      reject(
        new SetUpError(`\`${command} ${args.join(' ')}\` ${how}:\n${all.slice(-SHOWN_OUTPUT_CHARS).trim()}`),
      );
    });
  });
}

/**
 * The environment for npm started by us: quiet, and never running a package's install script.
 * @returns {NodeJS.ProcessEnv}
 */
export function npmEnvironment() {
  return {
    ...process.env,
    npm_config_loglevel: 'error',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_ignore_scripts: 'true',
    npm_config_update_notifier: 'false',
    ONNXRUNTIME_NODE_INSTALL: 'skip',
  };
}
