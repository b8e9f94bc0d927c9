import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commands, modelCommands, rowCommands } from '../../src/extension/ids.ts';
import { activeExtension } from './support/editor.ts';

describe('the extension', function () {
  this.timeout(60_000);

  it('takes little of its host to become active', async () => {
    const { activationCpuMs } = await activeExtension();
    console.log(`activation took ${activationCpuMs.toFixed(1)} ms of processor time`);
    // Time of the processor, not of the clock: others may be using the machine.
    assert.ok(activationCpuMs < 100, `${activationCpuMs} ms`);
  });

  it('registers its commands', async () => {
    await activeExtension();
    const registered = await vscode.commands.getCommands(true);
    for (const id of Object.values({ ...commands, ...modelCommands, ...rowCommands }))
      assert.ok(registered.includes(id), id);
  });
});
