import assert from 'node:assert/strict';
import { accepts, closeEditors, editorWith, engineReady, until } from './support/editor.ts';

const LINE = 'the harbour light at the eastern breakwater gate is registered before every spring';

describe('a crash of the inference process', function () {
  this.timeout(120_000);

  afterEach(closeEditors);

  it('costs nothing but a moment: the next suggestion arrives from a new process', async () => {
    const { engine } = await engineReady();
    const { pid } = engine;
    assert.ok(pid !== null);
    const shown: string[] = [];
    const watching = engine.onStatus(({ name }) => shown.push(name));
    process.kill(pid, 'SIGKILL');
    await until('noticing the crash', () => shown.includes('restarting'));
    const editor = await editorWith(`${LINE}\n\n${LINE.slice(0, 60)}▮\n`);
    assert.ok(await accepts(editor));
    watching.dispose();
    assert.equal(editor.document.getText(), `${LINE}\n\n${LINE}\n`);
    assert.notEqual(engine.pid, pid);
    assert.ok(!shown.includes('failed'), shown.join());
  });
});
