// Shows ghost text in a real VS Code: the desktop's when there is one, else VS Code's server, driven in a headless
// browser when there is no display either.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setUp } from '../../scripts/setup.mjs';
import { root } from '../../scripts/setup/paths.mjs';
import { openWindow } from './browser.ts';
import { findDesktopCode, hasDisplay } from './desktop.ts';
import { anchorLine, copySample, scenes } from './sample.ts';
import { startServer, type VsCodeServer } from './server.ts';
import { temporaryFolder } from './temporaryFolder.ts';
import { Workbench, workbenchAddress } from './workbench.ts';

/** Id of the extension, which begins the ids of its status-bar entries. */
const EXTENSION_ID = 'gemma-code.gemma-code';

/** The editor puts the cursor at the end of a line that is shorter. */
const END_OF_LINE = 999;

const scene = scenes.typescript;

const { values: options } = parseArgs({
  options: {
    serve: { type: 'boolean', default: false },
    screenshots: { type: 'string', default: path.join(root, 'out/demo') },
  },
});

const desktop = options.serve ? undefined : await findDesktopCode();
if (desktop) await openDesktop(desktop);
else await demonstrate();

async function openDesktop(code: string): Promise<void> {
  const folder = path.join(root, 'out/sample');
  await rm(folder, { recursive: true, force: true });
  await copySample(folder);
  const line = await anchorLine(folder, scene);
  const place = `${path.join(folder, scene.file)}:${line}:${END_OF_LINE}`;
  console.log(`Opening VS Code on ${folder}.`);
  console.log(`Below line ${line} of ${scene.file}, type: ${scene.typed}`);
  const args = [`--extensionDevelopmentPath=${root}`, '--new-window', folder, '--goto', place];
  const child = spawn(code, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  const [exitCode] = await once(child, 'exit');
  process.exitCode = typeof exitCode === 'number' ? exitCode : 1;
}

async function demonstrate(): Promise<void> {
  await setUp(hasDisplay() ? ['host'] : ['chromium', 'host']);
  const temporary = await temporaryFolder();
  const folder = path.join(temporary.path, 'sample');
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  let server: VsCodeServer | undefined;
  try {
    await copySample(folder);
    const started = performance.now();
    server = await startServer({ folder: temporary.path });
    tell('server up', started, workbenchAddress(server, { folder, extensions: [root] }));
    const watched = hasDisplay();
    if (!watched) await Promise.race([drive(server, folder, started), interrupted]);
    if (watched || options.serve) {
      console.log('Serving on this machine only, until Ctrl+C.');
      await Promise.race([interrupted, server.ended]);
    }
  } catch (error) {
    console.error(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
    if (server) console.error(await server.logs());
    process.exitCode = 1;
  } finally {
    await server?.stop();
    await temporary.remove();
  }
}

/** Does what a person would do, and fails unless the suggestion ends up in the file. */
async function drive(server: VsCodeServer, folder: string, started: number): Promise<void> {
  await mkdir(options.screenshots, { recursive: true });
  const shot = (name: string) => path.join(options.screenshots, `${name}.png`);
  const window = await openWindow();
  try {
    const workbench = await Workbench.open(window.page, server, { folder, extensions: [root] });
    tell('workbench', started);
    await workbench.statusBarItem(EXTENSION_ID).first().waitFor();
    tell('extension activated', started);
    await workbench.page.locator(`.statusbar-item[id^="${EXTENSION_ID}"] [aria-label*="Ready"]`).waitFor();
    const [, ...model] = await workbench.statusBarTooltip(EXTENSION_ID);
    tell('model loaded', started, model.join(', '));
    const before = await workbench.read(scene.file);
    const line = await anchorLine(folder, scene);
    await workbench.openFile(scene.file, line);
    await workbench.press('Enter');
    await workbench.type(scene.typed);
    const typed = performance.now();
    tell('typed', started, `“${scene.typed}” at ${scene.file}:${line + 1}`);
    await workbench.ghostTextAppears();
    tell('ghost text', typed, 'after the last key');
    const suggestion = await workbench.waitForGhostText();
    console.log(`suggested: ${scene.typed}▮${suggestion}`);
    await workbench.screenshot(shot('ghost-text'));
    await workbench.press('Tab');
    await workbench.ghostTextGone();
    await workbench.save();
    tell('accepted and saved', typed);
    await workbench.screenshot(shot('accepted'));
    const after = await workbench.read(scene.file);
    const saved = after.split('\n')[line] ?? '';
    if (after === before || !saved.trim().startsWith(scene.typed + suggestion.trimEnd())) {
      throw new Error(`Line ${line + 1} of ${scene.file} should hold the suggestion, but is: ${saved}`);
    }
    console.log(`${scene.file}:${line + 1} on disk is now:${saved}`);
    console.log(`Screenshots: ${shot('ghost-text')} ${shot('accepted')}`);
  } catch (error) {
    await window.page.screenshot({ path: shot('failure') });
    console.error(`What the window showed: ${shot('failure')}`);
    throw error;
  } finally {
    await window.close();
  }
}

function tell(what: string, since: number, detail = ''): void {
  const seconds = ((performance.now() - since) / 1000).toFixed(2);
  console.log(`${what.padEnd(20)} ${seconds.padStart(6)} s  ${detail}`.trimEnd());
}
