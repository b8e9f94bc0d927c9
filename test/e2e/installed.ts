import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../../scripts/setup/paths.mjs';
import { openWindow, type Window } from '../host/browser.ts';
import { anchorLine, copySample, type Scene } from '../host/sample.ts';
import { startServer, type ServerOptions, type VsCodeServer } from '../host/server.ts';
import { temporaryFolder, type TemporaryFolder } from '../host/temporaryFolder.ts';
import { Workbench } from '../host/workbench.ts';

/** Begins the element ids of the extension's status-bar entries. */
export const EXTENSION_ID = 'gemma-code.gemma-code';

const VSIX = path.join(root, 'gemma-code.vsix');
const PICTURES = path.join(root, 'out/e2e');

/** A fresh VS Code into which the built package was installed, as a person would install it. */
export class InstalledVsCode {
  readonly server: VsCodeServer;
  readonly #folder: TemporaryFolder;
  #window: Window | undefined;
  #samples = 0;

  private constructor(server: VsCodeServer, folder: TemporaryFolder) {
    this.server = server;
    this.#folder = folder;
  }

  static async start(options: Omit<ServerOptions, 'folder'> = {}): Promise<InstalledVsCode> {
    await access(VSIX).catch(() => {
      throw new Error('gemma-code.vsix is missing: run `npm run package` first.');
    });
    const folder = await temporaryFolder();
    const server = await startServer({ folder: folder.path, ...options });
    await server.installExtension(VSIX);
    return new InstalledVsCode(server, folder);
  }

  /** Below it lies everything that VS Code and the extension write; `run` is the person's runtime folder. */
  get folder(): string {
    return this.#folder.path;
  }

  /** Addresses beyond this machine that the window asked for. */
  get foreignRequests(): readonly string[] {
    return this.#window?.foreignRequests ?? [];
  }

  /** Opens a fresh copy of the sample project in a new window, in place of the last one. */
  async openSample(): Promise<Workbench> {
    await this.#window?.close();
    this.#samples += 1;
    const sample = path.join(this.folder, `sample-${this.#samples}`);
    await copySample(sample);
    this.#window = await openWindow();
    const workbench = await Workbench.open(this.#window.page, this.server, { folder: sample });
    await workbench.statusBarItem(EXTENSION_ID).first().waitFor();
    return workbench;
  }

  /** Keeps a picture of the window in `out/e2e/`. */
  async picture(name: string): Promise<void> {
    await mkdir(PICTURES, { recursive: true });
    await this.#window?.page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
  }

  async stop(): Promise<void> {
    await this.#window?.close();
    await this.server.stop();
  }

  /** Ends everything and removes what was written. */
  async remove(): Promise<void> {
    await this.stop();
    await this.#folder.remove();
  }
}

/** Opens the scene's file, makes the new line and types its beginning. Gives the number of that line. */
export async function play(workbench: Workbench, scene: Scene): Promise<number> {
  const line = await anchorLine(workbench.folder, scene);
  await workbench.openFile(scene.file, line);
  await workbench.press('Enter');
  await workbench.type(scene.typed);
  return line + 1;
}
