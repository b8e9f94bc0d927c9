import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { accepts, acceptsUnasked, closeEditors, editorWith, engineReady, type } from './support/editor.ts';

/**
 * In a language without training data only copies are suggested, so what is suggested is known. Long enough that the
 * copy is offered without being asked for.
 */
const LINE = 'the harbour light at the northern breakwater gate is registered before every winter';
const BEGUN = LINE.slice(0, 60);

describe('ghost text', function () {
  this.timeout(120_000);

  before(engineReady);
  afterEach(closeEditors);

  it('appears on request and goes into the document', async () => {
    const editor = await editorWith(`${LINE}\n\n${BEGUN}▮\nend\n`);
    assert.ok(await accepts(editor));
    assert.equal(editor.document.getText(), `${LINE}\n\n${LINE}\nend\n`);
  });

  it('appears by itself while typing', async () => {
    const editor = await editorWith(`${LINE}\n\n${BEGUN.slice(0, -8)}▮\nend\n`);
    await type(BEGUN.slice(-8));
    assert.ok(await acceptsUnasked(editor));
    assert.equal(editor.document.getText(), `${LINE}\n\n${LINE}\nend\n`);
  });

  it('is shown on while it is typed along', async () => {
    const editor = await editorWith(`${LINE}\n\n${BEGUN}▮\nend\n`);
    await vscode.commands.executeCommand('gemmaCode.triggerCompletion');
    await type(LINE.slice(60, 66));
    assert.ok(await acceptsUnasked(editor));
    assert.equal(editor.document.getText(), `${LINE}\n\n${LINE}\nend\n`);
  });

  it('can be accepted word by word', async () => {
    const editor = await editorWith(`${LINE}\n\n${BEGUN}▮\nend\n`);
    assert.ok(await accepts(editor, 60_000, 'editor.action.inlineSuggest.acceptNextWord'));
    const line = editor.document.lineAt(2).text;
    assert.ok(line.length > BEGUN.length && line.length < LINE.length && LINE.startsWith(line), line);
    assert.ok(await accepts(editor));
    assert.equal(editor.document.lineAt(2).text, LINE);
  });

  it('extends the selected item of the suggest widget', async () => {
    const breakfast = 'the harbour light at the northern breakfast table is laid before every winter';
    const breakwater = 'the harbour light at the northern breakwater gate is registered before every winter';
    const text = `${breakfast}\n${breakwater}\n`;
    const editor = await editorWith(`${text}the harbour light at the northern break▮\n`);
    await vscode.commands.executeCommand('editor.action.triggerSuggest');
    assert.ok(await acceptsUnasked(editor));
    // Without the widget the nearer line would be copied; the widget's first item is the other one.
    assert.equal(editor.document.getText(), `${text}${breakfast}\n`);
  });

  it('leaves the line ends of the document as they are', async () => {
    const editor = await editorWith(`${LINE}\n\n${BEGUN}▮\nend\n`);
    await editor.edit((edit) => edit.setEndOfLine(vscode.EndOfLine.CRLF));
    assert.ok(await accepts(editor));
    assert.equal(editor.document.getText(), `${LINE}\r\n\r\n${LINE}\r\nend\r\n`);
  });

  it('does not double brackets that are closed already', async () => {
    const call = 'register(the harbour light at the northern breakwater gate, winter)';
    const begun = call.slice(0, 55);
    const editor = await editorWith(`${call}\n\n${begun}▮)\nend\n`);
    assert.ok(await accepts(editor));
    assert.equal(editor.document.getText(), `${call}\n\n${call}\nend\n`);
  });

  it('changes nothing around it, whatever the characters', async () => {
    const strange = '// e\u0301 \u05E9\u05DC\u05D5\u05DD 😀👩‍💻 \u{1D49C}';
    const editor = await editorWith(`${strange}\n${LINE}\n\n${BEGUN}▮\n${strange}\n`);
    assert.ok(await accepts(editor));
    assert.equal(editor.document.getText(), `${strange}\n${LINE}\n\n${LINE}\n${strange}\n`);
  });

  it('comes from the other open file', async () => {
    await editorWith(`${LINE}▮\n`);
    const editor = await editorWith(`${BEGUN}▮\n`);
    assert.ok(await accepts(editor));
    assert.equal(editor.document.getText(), `${LINE}\n`);
  });

  it('is the model’s own where there is nothing to copy', async () => {
    // Small models know little; that nothing at all comes to its mind here would be a defect.
    const begun: readonly [language: string, text: string][] = [
      ['python', 'import os\n\n\ndef main():\n    for index in ran'],
      ['typescript', 'export function log(values: number[]): void {\n  for (const value of val'],
      ['javascript', "const fs = require('fs');\nconst path = req"],
    ];
    const suggested: string[] = [];
    for (const [language, text] of begun) {
      const editor = await editorWith(`${text}▮\n`, language);
      if (await accepts(editor, 10_000)) suggested.push(editor.document.getText());
    }
    assert.ok(suggested.length > 0);
    for (const text of suggested)
      assert.ok(
        begun.some(([, start]) => text.startsWith(start)),
        text,
      );
  });
});
