import { runTests, TestRunFailedError } from '@vscode/test-electron';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../../scripts/setup/paths.mjs';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import { findDesktopCode } from './desktop.ts';
import { temporaryFolder } from './temporaryFolder.ts';

export interface TestModule {
  /** Folder of the extension under test. */
  readonly extension: string;
  /** CommonJS module whose `run` runs the tests. */
  readonly tests: string;
  /** Folder to open; tests may write to it. */
  readonly workspace: string;
}

/**
 * Runs a test module in a real extension host: desktop VS Code if installed, else VS Code's server through a stand-in
 * for `code`; where that server does not exist, @vscode/test-electron downloads a desktop VS Code.
 *
 * @returns VS Code's exit code
 */
export async function runInVsCode({ extension, tests, workspace }: TestModule): Promise<number> {
  const folder = await temporaryFolder();
  try {
    const shim = isVsCodeHostAvailable() ? path.join(root, 'test/host/code.mjs') : undefined;
    const vscodeExecutablePath = (await findDesktopCode()) ?? shim;
    const userData = path.join(folder.path, 'user-data');
    await mkdir(userData);
    return await runTests({
      ...(vscodeExecutablePath === undefined ? {} : { vscodeExecutablePath }),
      extensionDevelopmentPath: extension,
      extensionTestsPath: tests,
      launchArgs: [
        workspace,
        `--user-data-dir=${userData}`,
        `--extensions-dir=${path.join(folder.path, 'extensions')}`,
        '--disable-telemetry',
      ],
    });
  } catch (error) {
    if (error instanceof TestRunFailedError && error.code !== undefined) return error.code;
    throw error;
  } finally {
    await folder.remove();
  }
}
