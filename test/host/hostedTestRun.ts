import { setTimeout as sleep } from 'node:timers/promises';
import { format } from 'node:util';
import { openWindow } from './browser.ts';
import { startServer } from './server.ts';
import { temporaryFolder } from './temporaryFolder.ts';
import { workbenchAddress, type WorkbenchOptions } from './workbench.ts';

/** Lines that this VS Code without its optional native modules and without a network always prints. */
const NOISE =
  /^Ignoring fetching|^Canceled: Canceled|^Timed out waiting for authentication provider|spdlog|native-watchdog|ripgrep-universal|^\[(AgentHost|AccountPolicyGate|Service Worker|reconnection)|^(Creating a socket|Resolv(ing|ed) connection|Updating additional|Creation of workbench)/;

/** Where the extension host's output goes, and how long it may take. */
export interface HostedTestOptions extends WorkbenchOptions {
  readonly print: (line: string) => void;
  readonly limitMs: number;
}

/**
 * Runs a test module in the extension host of VS Code's server.
 *
 * @returns the exit code desktop VS Code would have: 0 when the module's `run` resolved
 */
export async function runHostedTests(options: HostedTestOptions): Promise<number> {
  const folder = await temporaryFolder();
  const server = await startServer({ folder: folder.path });
  try {
    const window = await openWindow();
    try {
      const { page } = window;
      await page.exposeFunction('codeAutomationLog', (_level: string, args: unknown[]) => {
        const line = format(...args);
        if (!NOISE.test(line)) options.print(line);
      });
      const finished = new Promise<number>((resolve) => {
        void page.exposeFunction('codeAutomationExit', resolve);
      });
      const crashed = page
        .waitForEvent('crash', { timeout: 0 })
        .then(() => Promise.reject(new Error('The page crashed.')));
      const stopped = server.ended.then(() => Promise.reject(new Error("VS Code's server ended.")));
      const late = sleep(options.limitMs, undefined, { ref: false }).then(() =>
        Promise.reject(new Error(`There was no result after ${options.limitMs / 1000} s.`)),
      );
      for (const outcome of [crashed, stopped, late]) outcome.catch(() => undefined);
      await page.goto(workbenchAddress(server, options));
      return await Promise.race([finished, crashed, stopped, late]);
    } finally {
      await window.close();
    }
  } catch (error) {
    throw new Error(`The test run broke off.\n${await server.logs()}`, { cause: error });
  } finally {
    await server.stop();
    await folder.remove();
  }
}
