// strace, with which the tests watch for connections.
import { installDebianPackages, isDebianRoot } from './debian.mjs';
import { findProgram } from './findProgram.mjs';
import { report } from './report.mjs';

/** Where strace is, if it is. */
export const findTracer = () => findProgram(['strace']);

/** Installs strace where that is easy; tests that need it are skipped elsewhere. */
export async function ensureTracer() {
  if (process.platform !== 'linux' || (await findTracer())) return;
  if (await isDebianRoot()) await installDebianPackages(['strace']);
  else report('set-up: strace was not found; the test that watches for connections will be skipped.');
}
