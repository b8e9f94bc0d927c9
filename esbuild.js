// Builds every bundle into dist/ and fails when one outgrows its budget.
import { build } from 'esbuild';
import { cp, mkdir, stat } from 'node:fs/promises';

const minify = !process.argv.includes('--dev');

const common = {
  bundle: true,
  outdir: 'dist',
  minify,
  sourcemap: minify ? false : 'linked',
  logLevel: 'warning',
  legalComments: 'none',
};

/** The extension host of desktop VS Code 1.120 runs Node 22. @type {import('esbuild').BuildOptions[]} */
const bundles = [
  {
    entryPoints: { extension: 'src/extension/extension.ts' },
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode'],
  },
  {
    entryPoints: {
      'inference/main': 'src/inference/main.ts',
      'inference/engineWorker': 'src/inference/engine/worker.ts',
      'inference/storeWorker': 'src/inference/store/worker.ts',
    },
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Of a package's modules only what is used gets in.
    mainFields: ['module', 'main'],
    // Native binaries can't be bundled.
    external: ['onnxruntime-node'],
    // Of what it says is for Node nothing can be left out: 200 kB for two hashes.
    alias: { 'hash-wasm': 'hash-wasm/dist/index.esm.js' },
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  },
  {
    entryPoints: { cli: 'src/cli/main.ts' },
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  },
  {
    entryPoints: [
      { in: 'src/webview/chat/main.tsx', out: 'chat' },
      { in: 'src/webview/chat/style.css', out: 'chat' },
      { in: 'src/webview/inspector/main.tsx', out: 'inspector' },
      { in: 'src/webview/inspector/style.css', out: 'inspector' },
    ],
    platform: 'browser',
    format: 'iife',
    target: 'chrome120',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  },
];

/** Minified bytes; a bundle that outgrows its budget needs a reason, not a bigger number. */
const budgets = {
  // Of it 100 kB are markdown-it: the page names code blocks by number, and both sides must count alike. 25 kB are the
  // catalogue of models.
  'dist/extension.cjs': 380_000,
  'dist/inference/main.mjs': 250_000,
  'dist/inference/engineWorker.mjs': 200_000,
  // Of it 520 kB are undici, which can't be split: Node's own fetch knows neither proxies nor certificates.
  'dist/inference/storeWorker.mjs': 750_000,
  'dist/cli.mjs': 250_000,
  'dist/chat.js': 350_000,
  'dist/chat.css': 30_000,
  'dist/inspector.js': 200_000,
  'dist/inspector.css': 20_000,
};

/** Beside the bundles: ONNX Runtime's WebAssembly module and its glue, called without onnxruntime-web's own API. */
const runtimeFiles = ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];

await Promise.all(bundles.map((options) => build({ ...common, ...options })));
await mkdir('dist/inference/ort', { recursive: true });
for (const name of runtimeFiles)
  await cp(`node_modules/onnxruntime-web/dist/${name}`, `dist/inference/ort/${name}`);

if (minify) {
  for (const [file, budget] of Object.entries(budgets)) {
    const { size } = await stat(file);
    if (size > budget) {
      console.error(`${file} is ${size} bytes, over its budget of ${budget}.`);
      process.exitCode = 1;
    }
  }
}
