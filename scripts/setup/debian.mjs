import { readFile } from 'node:fs/promises';
import { run, step } from './report.mjs';

/** Debian itself, as root. Elsewhere the package `chromium` is another thing or does not exist. */
export async function isDebianRoot() {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return process.getuid?.() === 0 && /^ID=debian$/m.test(release);
}

/** @param {string[]} packages */
export async function installDebianPackages(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await step(`installing ${packages.join(' and ')} (apt)`, async () => {
    await run('apt-get', ['update', '-q'], { env });
    await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { env });
  });
}
