// The files of a package.
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../setup/paths.mjs';
import { distinct, installedLibrary, librariesByBundle } from './libraries.mjs';
import { thirdPartyNotices } from './notices.mjs';
import { billOfMaterials } from './sbom.mjs';
import { targets } from './targets.mjs';

/** @typedef {import('./libraries.mjs').Library} Library */
/** @typedef {import('./targets.mjs').TargetName} TargetName */
/** @typedef {import('./zip.mjs').PackageFile} PackageFile */
/** @typedef {{ name: string, version: string, license: string }} Manifest of the extension */

/**
 * What is behind vsce's command. The command compresses everything anew for each package, by Node's own zlib.
 *
 * @typedef {{ path: string, contents: Buffer | string }} VsceFile
 * @typedef {object} Vsce
 * @property {(cwd: string) => Promise<Manifest>} readManifest
 * @property {(manifest: Manifest, options: object) => object[]} createDefaultProcessors
 * @property {(processors: object[], files: VsceFile[]) => Promise<VsceFile[]>} processFiles
 * @property {(files: VsceFile[], exclusion: string, options: object) => Promise<void>} scanFilesForSecrets
 */
/** @type {Vsce} */
const vsce = createRequire(import.meta.url)('@vscode/vsce/out/package.js');

/** Files that are a library's own, by where they are in the package. @type {[string, string][]} */
const WHOLE = [
  ['extension/dist/inference/ort/', 'onnxruntime-web'],
  ['extension/node_modules/onnxruntime-node/', 'onnxruntime-node'],
  ['extension/node_modules/onnxruntime-common/', 'onnxruntime-common'],
];

const OURS_AS_TEXT = /^extension\/(?!node_modules\/).*\.(cjs|css|js|json|md|mjs|txt)$/;

/**
 * All files of a package, as they are in the archive.
 * @param {TargetName} target
 * @returns {Promise<PackageFile[]>}
 */
export async function packageContents(target) {
  const { native } = targets[target];
  const manifest = await vsce.readManifest(root);
  const names = [...(await commonFiles()), ...(native ? await nativeFiles(native) : [])];
  const files = await Promise.all(names.sort().map(readPackageFile));
  const contents = await librariesByFile(files);
  const libraries = distinct([...contents.values()].flat());
  const notices = await thirdPartyNotices(libraries);
  files.push({ path: 'extension/THIRD_PARTY_NOTICES.txt', bytes: Buffer.from(notices) });
  const finished = await finishedByVsce(target, manifest, files);
  const bill = billOfMaterials({ manifest, target, files: finished, contents, libraries });
  const billBytes = Buffer.from(`${JSON.stringify(bill, undefined, 1)}\n`);
  return [...finished, { path: 'extension/sbom.cdx.json', bytes: billBytes }];
}

/** What .vscodeignore lets through. vsce's own search walks through all of the checkout, with VS Code in it. */
async function commonFiles() {
  const lines = (await readFile(path.join(root, '.vscodeignore'), 'utf8')).split('\n');
  const patterns = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1).trim());
  return (await Promise.all(patterns.map(matchingFiles))).flat();
}

/** @param {string} pattern with `*` for a part of a name, `**` for any folders */
async function matchingFiles(pattern) {
  const fixed = pattern.split('*', 1)[0] ?? '';
  if (fixed === pattern) return [pattern];
  const folder = fixed.slice(0, fixed.lastIndexOf('/') + 1);
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(.*/)?'));
  const found = await readdir(path.join(root, folder), { recursive: pattern.includes('**') });
  const names = found.map((name) => folder + name.replaceAll(path.sep, '/'));
  return names.filter((name) => new RegExp(`^${expression}$`).test(name));
}

/**
 * onnxruntime-node and what it requires, where Node looks for a package: no types, no maps, no installer.
 * @param {import('./targets.mjs').Native} native
 */
async function nativeFiles({ folder, files }) {
  const common = 'node_modules/onnxruntime-common';
  const node = 'node_modules/onnxruntime-node';
  const inCommon = await readdir(path.join(root, common, 'dist/cjs'));
  return [
    `${common}/package.json`,
    ...inCommon.filter((name) => /\.(js|json)$/.test(name)).map((name) => `${common}/dist/cjs/${name}`),
    `${node}/package.json`,
    ...['backend', 'binding', 'index', 'version'].map((name) => `${node}/dist/${name}.js`),
    ...Object.keys(files).map((name) => `${node}/bin/napi-v6/${folder}/${name}`),
  ];
}

/** @param {string} name @returns {Promise<PackageFile>} */
async function readPackageFile(name) {
  return { path: `extension/${name}`, bytes: await readFile(path.join(root, name)) };
}

/** @param {readonly PackageFile[]} files @returns {Promise<Map<string, Library[]>>} */
async function librariesByFile(files) {
  const bundles = await librariesByBundle();
  /** @type {Map<string, Library[]>} */
  const found = new Map();
  for (const { path: name } of files) {
    const whole = WHOLE.find(([start]) => name.startsWith(start));
    const inside = whole
      ? [await installedLibrary(whole[1])]
      : (bundles.get(name.replace(/^extension\//, '')) ?? []);
    if (inside.length > 0) found.set(name, inside);
  }
  return found;
}

/**
 * With the two files that vsce writes, and some names as the Marketplace wants them.
 * @param {TargetName} target
 * @param {Manifest} manifest
 * @param {readonly PackageFile[]} files
 * @returns {Promise<PackageFile[]>}
 */
async function finishedByVsce(target, manifest, files) {
  const options = {
    ...(target === 'universal' ? {} : { target }),
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  };
  const given = files.map(({ path: name, bytes }) => ({ path: name, contents: bytes }));
  await vsce.scanFilesForSecrets(
    given.filter((file) => OURS_AS_TEXT.test(file.path)),
    'vscodeIgnore',
    {},
  );
  const finished = await vsce.processFiles(vsce.createDefaultProcessors(manifest, options), given);
  return finished.map(({ path: name, contents }) => ({ path: name, bytes: Buffer.from(contents) }));
}
