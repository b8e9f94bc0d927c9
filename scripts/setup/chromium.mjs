// A Chromium-family browser to drive VS Code's workbench with.
import { access, constants, readFile } from 'node:fs/promises';
import path from 'node:path';
import { run, SetUpError, step } from './report.mjs';

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
 * The installed browser: `CHROMIUM_PATH` if set, else one on the PATH, else one in a usual place.
 * @returns {Promise<string | undefined>} absolute path of the executable
 */
export async function findChromium() {
  const named = process.env['CHROMIUM_PATH'];
  if (named !== undefined) {
    if (await isExecutable(named)) return named;
    throw new SetUpError(`CHROMIUM_PATH is ${named}, but no program is there.`);
  }
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const onPath = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name + suffix)));
  for (const candidate of [...onPath, ...(USUAL_PLACES[process.platform] ?? [])]) {
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

/** Finds a browser, or installs Debian's when run as root there. @returns {Promise<string>} */
export async function ensureChromium() {
  const found = await findChromium();
  if (found) return found;
  if (!(await isDebian())) {
    throw new SetUpError('No Chrome, Chromium or Edge was found. Install one, or name it in CHROMIUM_PATH.');
  }
  if (process.getuid?.() !== 0) {
    throw new SetUpError(
      `No Chrome, Chromium or Edge was found. Install one: sudo apt-get install ${DEBIAN_PACKAGES.join(' ')}`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await step(`installing ${DEBIAN_PACKAGES.join(' and ')} (apt)`, async () => {
    await run('apt-get', ['update', '-q'], { env });
    await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...DEBIAN_PACKAGES], { env });
  });
  const installed = await findChromium();
  if (!installed) throw new SetUpError('apt-get installed chromium, yet it is not on the PATH.');
  return installed;
}

/** @param {string} file */
async function isExecutable(file) {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Debian itself: elsewhere the package `chromium` is another thing or does not exist. */
async function isDebian() {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID=debian$/m.test(release);
}
