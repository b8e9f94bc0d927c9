import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type TargetName, vsixName } from '../../scripts/package/targets.mjs';
import { root } from '../../scripts/setup/paths.mjs';
import { openWindow, type Window } from '../host/browser.ts';
import { anchorLine, copySample, type Scene } from '../host/sample.ts';
import { startServer, type ServerOptions, type VsCodeServer } from '../host/server.ts';
import { temporaryFolder, type TemporaryFolder } from '../host/temporaryFolder.ts';
import { Workbench } from '../host/workbench.ts';

/** Begins the element ids of the extension's status-bar entries. */
export const EXTENSION_ID = 'gemma-code.gemma-code';

const PICTURES = path.join(root, 'out/e2e');

/** A fresh VS Code into which the built package was installed, as a person would install it. */
export class InstalledVsCode {
  readonly server: VsCodeServer;
  readonly #folder: TemporaryFolder;
  #windows: Window[] = [];
  #samples = 0;

  private constructor(server: VsCodeServer, folder: TemporaryFolder) {
    this.server = server;
    this.#folder = folder;
  }

  /** @param target which package is installed */
  static async start(
    options: Omit<ServerOptions, 'folder'> = {},
    target: TargetName = 'universal',
  ): Promise<InstalledVsCode> {
    const vsix = path.join(root, vsixName(target));
    await access(vsix).catch(() => {
      throw new Error(`${vsixName(target)} is missing: run \`npm run package -- --target ${target}\` first.`);
    });
    const folder = await temporaryFolder();
    const server = await startServer({ folder: folder.path, ...options });
    await server.installExtension(vsix);
    return new InstalledVsCode(server, folder);
  }

  /** Below it lies everything that VS Code and the extension write; `run` is the person's runtime folder. */
  get folder(): string {
    return this.#folder.path;
  }

  /** Addresses beyond this machine that the windows asked for. */
  get foreignRequests(): readonly string[] {
    return this.#windows.flatMap(({ foreignRequests }) => foreignRequests);
  }

  /**
   * Opens a fresh copy of the sample project in a new window, in place of the last ones.
   *
   * @param prepare changes the copy before
   */
  async openSample(prepare?: (folder: string) => Promise<void>): Promise<Workbench> {
    await this.#closeWindows();
    this.#samples += 1;
    const sample = path.join(this.folder, `sample-${this.#samples}`);
    await copySample(sample);
    await prepare?.(sample);
    return this.openWindow(sample);
  }

  /** Opens a folder in one more window, of a browser of its own. */
  async openWindow(folder: string): Promise<Workbench> {
    const window = await openWindow();
    this.#windows.push(window);
    const workbench = await Workbench.open(window.page, this.server, { folder });
    await workbench.statusBarItem(EXTENSION_ID).first().waitFor();
    return workbench;
  }

  /** Keeps a picture of the last window in `out/e2e/`. */
  async picture(name: string): Promise<void> {
    await mkdir(PICTURES, { recursive: true });
    await this.#windows.at(-1)?.page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
  }

  async stop(): Promise<void> {
    await this.#closeWindows();
    await this.server.stop();
  }

  async #closeWindows(): Promise<void> {
    await Promise.all(this.#windows.map((window) => window.close()));
    this.#windows = [];
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
