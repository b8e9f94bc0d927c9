import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commands } from '../../src/extension/ids.ts';
import { activeExtension } from './support/editor.ts';

describe('the extension', function () {
  this.timeout(60_000);

  it('is active soon after its host, with little work of its own', async () => {
    const { activationMs } = await activeExtension();
    console.log(`activation took ${activationMs.toFixed(1)} ms`);
    // The promise is 100 ms; it is a few, so this holds on a busy machine too.
    assert.ok(activationMs < 100, `${activationMs} ms`);
  });

  it('registers its commands', async () => {
    await activeExtension();
    const registered = await vscode.commands.getCommands(true);
    for (const id of Object.values(commands)) assert.ok(registered.includes(id), id);
  });
});
