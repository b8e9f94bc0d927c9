// `npm run package`: the extension as gemma-code.vsix, complete for offline use, checked for what is in it.
import { spawnSync } from 'node:child_process';
import { access, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { root } from './setup/paths.mjs';
import { report, run, step } from './setup/report.mjs';
import { setUp } from './setup.mjs';
import { zipEntries } from './zipEntries.mjs';

const VSIX = path.join(root, 'gemma-code.vsix');

/** The universal package has the WASM runtime for every machine; larger than this, something slipped in. */
const MAX_BYTES = 30 * 1024 * 1024;

/** Every file of the package matches one of these. */
const ALLOWED = [
  /^(extension\.vsixmanifest|\[Content_Types\]\.xml)$/,
  /^extension\/(package(\.nls(\.[\w-]+)?)?\.json|readme\.md|changelog\.md|LICENSE\.txt|NOTICE|SECURITY\.md)$/i,
  /^extension\/dist\/(extension\.cjs|(chat|inspector)\.(js|css)|inference\/[\w./-]+\.(mjs|wasm))$/,
  /^extension\/models\/pebble\/([\w.-]+\.(json|safetensors|md)|NOTICE)$/,
  /^extension\/media\/[\w./-]+\.(png|svg)$/,
  /^extension\/l10n\/[\w.-]+\.json$/,
];

/** Without these the extension can't work offline. */
const REQUIRED = [
  'extension/package.json',
  'extension/dist/extension.cjs',
  'extension/dist/chat.js',
  'extension/dist/chat.css',
  'extension/dist/inspector.js',
  'extension/dist/inspector.css',
  'extension/dist/inference/main.mjs',
  'extension/dist/inference/engineWorker.mjs',
  'extension/dist/inference/storeWorker.mjs',
  'extension/dist/inference/ort/ort-wasm-simd-threaded.wasm',
  'extension/media/icons/gemma-code.svg',
  ...['ghost-text', 'dials', 'models', 'chat', 'privacy'].map(
    (name) => `extension/media/walkthrough/${name}.png`,
  ),
  'extension/models/pebble/config.json',
  'extension/models/pebble/tokenizer.json',
  'extension/models/pebble/model.safetensors',
];

await setUp(['dependencies', 'bundles']);
await rm(VSIX, { force: true });
await step('packaging', async () => {
  const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
  const options = ['--no-dependencies', '--no-rewrite-relative-links', '--allow-missing-repository'];
  const env = { ...process.env, SOURCE_DATE_EPOCH: await sourceDate() };
  await run(process.execPath, [vsce, 'package', ...options, '-o', VSIX], { cwd: root, env });
});

const entries = await zipEntries(VSIX);
const { size } = await stat(VSIX);
const complaints = [
  ...entries
    .filter((name) => !ALLOWED.some((pattern) => pattern.test(name)))
    .map((name) => `${name} does not belong in the package`),
  ...REQUIRED.filter((name) => !entries.includes(name)).map((name) => `${name} is missing from the package`),
  ...(size > MAX_BYTES ? [`the package has ${size} bytes, more than ${MAX_BYTES}`] : []),
];
for (const complaint of complaints) report(complaint);
if (complaints.length > 0) process.exitCode = 1;
else console.log(`gemma-code.vsix: ${entries.length} files, ${(size / 1024 / 1024).toFixed(1)} MiB`);

/** Time of the last commit, so that the same sources give the same package. Without history: a fixed day. */
async function sourceDate() {
  const fixed = process.env['SOURCE_DATE_EPOCH'];
  if (fixed) return fixed;
  const inRepository = await access(path.join(root, '.git')).then(
    () => true,
    () => false,
  );
  const git = inRepository
    ? spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' })
    : undefined;
  return git?.stdout?.trim() || '1767225600';
}
