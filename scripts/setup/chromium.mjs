// A Chromium-family browser to drive VS Code's workbench with.
import path from 'node:path';
import { installDebianPackages, isDebianRoot } from './debian.mjs';
import { findProgram, isExecutable } from './findProgram.mjs';
import { SetUpError } from './report.mjs';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'microsoft-edge-stable',
  'microsoft-edge',
  'msedge',
];

/** Where installers put browsers without touching the PATH. @type {Partial<Record<NodeJS.Platform, string[]>>} */
const USUAL_PLACES = {
  linux: ['/opt/google/chrome/chrome', '/opt/microsoft/msedge/msedge', '/snap/bin/chromium'],
  darwin: ['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
    (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
  ),
  win32: ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => [
    path.join(process.env[name] ?? '', 'Google/Chrome/Application/chrome.exe'),
    path.join(process.env[name] ?? '', 'Chromium/Application/chrome.exe'),
    path.join(process.env[name] ?? '', 'Microsoft/Edge/Application/msedge.exe'),
  ]),
};

const DEBIAN_PACKAGES = ['chromium', 'fonts-dejavu-core'];

/**
 * The browser named by `CHROMIUM_PATH` if set, else an installed one, else Debian's, installed now when run as root.
 * @returns {Promise<string>} path of the executable
 */
export async function ensureChromium() {
  const named = process.env['CHROMIUM_PATH'];
  if (named !== undefined) {
    if (await isExecutable(named)) return named;
    throw new SetUpError(`CHROMIUM_PATH is ${named}, but no program is there.`);
  }
  const found = await findChromium();
  if (found) return found;
  if (!(await isDebianRoot())) {
    throw new SetUpError(
      `No Chrome, Chromium or Edge was found. Install one (on Debian: sudo apt-get install ${DEBIAN_PACKAGES.join(' ')}) or name it in CHROMIUM_PATH.`,
    );
  }
  await installDebianPackages(DEBIAN_PACKAGES);
  const installed = await findChromium();
  if (!installed) throw new SetUpError('apt-get installed chromium, yet it is not on the PATH.');
  return installed;
}

const findChromium = () => findProgram(NAMES, USUAL_PLACES[process.platform]);
