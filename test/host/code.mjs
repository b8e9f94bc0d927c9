#!/usr/bin/env node
// Executable for @vscode/test-electron's `vscodeExecutablePath`.
import { register } from 'tsx/esm/api';

register();
const { codeShim } = await import('./codeShim.ts');
try {
  process.exitCode = await codeShim(process.argv.slice(2));
} catch (error) {
  console.error(error);
  process.exitCode = 3;
}
