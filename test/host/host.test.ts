import assert from 'node:assert/strict';
import path from 'node:path';
import { root } from '../../scripts/setup/paths.mjs';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import { runHostedTests } from './hostedTestRun.ts';

const greeter = path.join(root, 'test/host/fixtures/greeter');

async function run(module: string): Promise<{ code: number; output: string }> {
  const lines: string[] = [];
  const code = await runHostedTests({
    extensions: [greeter],
    tests: path.join(greeter, module),
    folder: greeter,
    limitMs: 100_000,
    print: (line) => lines.push(line),
  });
  return { code, output: lines.join('\n') };
}

describe("the extension host of VS Code's server", function () {
  this.timeout(120_000);

  before(function () {
    if (!isVsCodeHostAvailable()) this.skip();
  });

  it('runs a test module against an extension and passes its output on', async () => {
    const { code, output } = await run('greets.cjs');
    assert.equal(code, 0);
    assert.match(output, /greeted in greeter/);
  });

  it('gives a failing module exit code 1 and shows why', async () => {
    const { code, output } = await run('fails.cjs');
    assert.equal(code, 1);
    assert.match(output, /This test fails on purpose/);
  });
});
