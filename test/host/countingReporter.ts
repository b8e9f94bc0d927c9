import { writeFileSync } from 'node:fs';
import { Mocha } from './mocha.ts';

/** What a suite leaves for the program that adds suites up. */
export interface SuiteCounts {
  passed: number;
  failed: number;
  skipped: number;
  /** Full titles. */
  failures: string[];
}

/** Mocha's spec reporter that also writes its counts, as JSON, to the file named in `GEMMA_CODE_TEST_COUNTS`. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: globalThis.Mocha.Runner, options: globalThis.Mocha.MochaOptions) {
    super(runner, options);
    const failures: string[] = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test) => failures.push(test.fullTitle()));
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const file = process.env['GEMMA_CODE_TEST_COUNTS'];
      if (file === undefined) return;
      const counts: SuiteCounts = {
        passed: runner.stats?.passes ?? 0,
        failed: runner.stats?.failures ?? 0,
        skipped: runner.stats?.pending ?? 0,
        failures,
      };
      writeFileSync(file, JSON.stringify(counts));
    });
  }
}
