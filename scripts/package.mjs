// `npm run package [-- --target NAME…] [--again NAME…]`: the extension as .vsix, complete for offline use, checked.
// Targets are the platforms, `universal` (also without any) and `all`. `--again` builds that one a second time,
// elsewhere, and compares the bytes.
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildBundles } from './setup/bundles.mjs';
import { root } from './setup/paths.mjs';
import { report, step } from './setup/report.mjs';
import { setUp } from './setup.mjs';
import { isTarget, targets, vsixName } from './package/targets.mjs';

/** @typedef {import('./package/targets.mjs').TargetName} TargetName */

const everyTarget = Object.keys(targets).filter(isTarget);
const { wanted, again } = readArguments();
await setUp(['dependencies']);
await buildBundles();
// What follows needs installed packages.
const { checkPackage, sha256 } = await import('./package/check.mjs');
const { packageContents } = await import('./package/contents.mjs');
const { writeZip } = await import('./package/zip.mjs');

/** @type {Map<TargetName, Buffer>} */
const built = new Map();
const complaints = [];
for (const target of wanted) {
  const file = path.join(root, vsixName(target));
  await rm(file, { force: true });
  const vsix = writeZip(await packageContents(target));
  built.set(target, vsix);
  const wrong = checkPackage(target, vsix);
  complaints.push(...wrong);
  if (wrong.length > 0) continue;
  await writeFile(file, vsix);
  console.log(`${sha256(vsix)}  ${vsixName(target)}  ${(vsix.length / 1024 / 1024).toFixed(1)} MiB`);
}
if (complaints.length === 0 && again.length > 0) {
  const { buildAgain } = await import('./package/again.mjs');
  const second = await step(`building ${again.join(', ')} again, elsewhere`, () => buildAgain(again));
  for (const [target, vsix] of second)
    if (!built.get(target)?.equals(vsix)) complaints.push(`${target}: a second build has other bytes`);
}
for (const complaint of complaints) report(complaint);
if (complaints.length > 0) process.exitCode = 1;

function readArguments() {
  const multiple = /** @type {const} */ ({ type: 'string', multiple: true });
  const { values } = parseArgs({ options: { target: multiple, again: multiple } });
  const second = names(values.again ?? []);
  const first = names(values.target ?? ['universal']);
  return {
    wanted: everyTarget.filter((name) => first.includes(name) || second.includes(name)),
    again: second,
  };
}

/** @param {readonly string[]} given @returns {TargetName[]} */
function names(given) {
  const unknown = given.find((name) => name !== 'all' && !isTarget(name));
  if (unknown !== undefined) {
    console.error(`There is no target ${unknown}. The targets are: ${everyTarget.join(', ')}, all.`);
    process.exit(2);
  }
  return given.includes('all') ? everyTarget : everyTarget.filter((name) => given.includes(name));
}
