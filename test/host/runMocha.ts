import CountingReporter from './countingReporter.ts';
import { Mocha } from './mocha.ts';

/** Tests drive a real editor on machines that may be busy. */
const TEST_LIMIT_MS = 60_000;

/**
 * Runs mocha inside an extension host.
 *
 * @param loadTests loads the test files, which call the globals `describe` and `it`
 * @throws Error when a test failed, which is what makes the host's exit code 1
 */
export async function runMocha(loadTests: () => void): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: TEST_LIMIT_MS, reporter: CountingReporter });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  loadTests();
  const failures = await new Promise<number>((resolve) => void mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} of the tests in the extension host failed.`);
}
