import { build } from 'esbuild';
import path from 'node:path';
import { root } from '../../scripts/setup/paths.mjs';

/**
 * Bundles mocha test files into the one CommonJS module that VS Code's `--extensionTestsPath` wants.
 *
 * @param files test files, absolute
 * @param outFile the module, below the repository so that it finds mocha; ends in `.cjs`
 */
export async function bundleTests(files: readonly string[], outFile: string): Promise<void> {
  const requires = files.map((file) => `require(${JSON.stringify(file)});`).join('\n');
  await build({
    stdin: {
      contents: `import { runMocha } from './test/host/runMocha.ts';\nexport const run = () => runMocha(() => {\n${requires}\n});`,
      resolveDir: root,
      sourcefile: path.basename(outFile),
      loader: 'ts',
    },
    outfile: outFile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    // What a CommonJS module has of it.
    define: { 'import.meta.dirname': '__dirname' },
    logLevel: 'warning',
  });
}
