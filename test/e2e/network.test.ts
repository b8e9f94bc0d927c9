import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../../scripts/setup/paths.mjs';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import { openWindow } from '../host/browser.ts';
import { scenes } from '../host/sample.ts';
import { startServer } from '../host/server.ts';
import { temporaryFolder } from '../host/temporaryFolder.ts';
import { Workbench } from '../host/workbench.ts';
import { foreignAttempts, tracingLauncher } from './connections.ts';
import { InstalledVsCode, play } from './installed.ts';

/** Runs `work` with a launcher that traces what it starts. Gives the trace. */
async function traced(work: (launcher: readonly string[]) => Promise<void>): Promise<string> {
  const folder = await temporaryFolder();
  try {
    const file = path.join(folder.path, 'trace');
    await work((await tracingLauncher(file)) ?? []);
    return await readFile(file, 'utf8');
  } finally {
    await folder.remove();
  }
}

const described = (trace: string) =>
  foreignAttempts(trace).map(({ address, port }) => `${address} port ${port}`);

describe('the network', function () {
  this.timeout(240_000);

  before(async function () {
    if (!isVsCodeHostAvailable() || !(await tracingLauncher(''))) this.skip();
  });

  it('is not touched by VS Code, the extension or its inference process while ghost text is shown', async () => {
    const trace = await traced(async (launcher) => {
      const code = await InstalledVsCode.start({ launcher });
      try {
        const workbench = await code.openSample();
        for (const scene of [scenes.typescript, scenes.python]) {
          await play(workbench, scene);
          await workbench.waitForGhostText();
          await workbench.press('Tab');
          await workbench.save();
        }
        assert.deepEqual(code.foreignRequests, [], 'requests of the window');
      } finally {
        await code.remove();
      }
    });
    assert.deepEqual(described(trace), []);
    assert.match(trace, /gemma-code-\d+.*\.sock/, 'the way to the inference process should be in the trace');
  });

  it('would have been seen: the same trace shows an extension that dials, and its detached child', async () => {
    const trace = await traced(async (launcher) => {
      const folder = await temporaryFolder();
      const server = await startServer({ folder: folder.path, launcher });
      const window = await openWindow();
      try {
        const dialer = path.join(root, 'test/e2e/fixtures/dialer');
        const workbench = await Workbench.open(window.page, server, { extensions: [dialer] });
        await workbench.statusBarItem('fixture.dialer').first().waitFor();
      } finally {
        await window.close();
        await server.stop();
        await folder.remove();
      }
    });
    assert.deepEqual([...new Set(described(trace))].toSorted(), ['192.0.2.1 port 81', '192.0.2.2 port 82']);
  });
});
