// Runs test/extension in a real extension host; the exit code says whether all tests passed.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../../scripts/setup/paths.mjs';
import { bundleTests } from './bundleTests.ts';
import { runInVsCode } from './runInVsCode.ts';
import { copySample } from './sample.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const source = path.join(root, 'test/extension');
const files = (await readdir(source, { recursive: true })).filter((file) => file.endsWith('.test.ts')).sort();
if (files.length === 0) throw new Error('There are no tests in test/extension.');
const tests = path.join(root, 'out/test/extension.cjs');
await bundleTests(
  files.map((file) => path.join(source, file)),
  tests,
);

// A debugger runs them itself.
if (!process.argv.includes('--bundle-only')) {
  const folder = await temporaryFolder();
  try {
    const workspace = path.join(folder.path, 'sample');
    await copySample(workspace);
    process.exitCode = await runInVsCode({ extension: root, tests, workspace });
  } finally {
    await folder.remove();
  }
}
