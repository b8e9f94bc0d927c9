import { existsSync } from 'node:fs';
import { runHostedTests } from './hostedTestRun.ts';

/**
 * Stands in for the `code` executable: takes the arguments @vscode/test-electron gives it and runs the same test
 * module in VS Code's server. Arguments that mean nothing there are ignored.
 *
 * @returns the exit code for the process
 */
export async function codeShim(args: readonly string[]): Promise<number> {
  const extensions: string[] = [];
  let tests: string | undefined;
  let folder: string | undefined;
  for (const argument of args) {
    const [, name, value] = /^--([\w-]+)=(.*)$/.exec(argument) ?? [];
    if (name === 'extensionDevelopmentPath' && value) extensions.push(value);
    else if (name === 'extensionTestsPath') tests = value;
    else if (!argument.startsWith('-') && existsSync(argument)) folder ??= argument;
  }
  const limitMs = Number(process.env['GEMMA_CODE_TEST_LIMIT_MS'] ?? 300_000);
  return runHostedTests({
    extensions,
    limitMs,
    print: (line) => process.stdout.write(`${line}\n`),
    ...(tests === undefined ? {} : { tests }),
    ...(folder === undefined ? {} : { folder }),
  });
}
