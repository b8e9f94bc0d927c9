import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import * as vscode from 'vscode';
import type { Attachment } from '../../src/chat/conversation.ts';
import { proposeEdit } from '../../src/chat/proposeEdit.ts';
import { attachDropped } from '../../src/extension/chat/attachments/dropped.ts';
import { attachFile } from '../../src/extension/chat/attachments/files.ts';
import { findAttachments } from '../../src/extension/chat/attachments/findAttachments.ts';
import { selectionOrSymbol } from '../../src/extension/chat/attachments/selection.ts';
import type { ChatCommands } from '../../src/extension/commands/chatCommands.ts';
import { CodeActions } from '../../src/extension/commands/codeActions.ts';
import { document as documentCommand } from '../../src/extension/commands/document.ts';
import { edit as editCommand } from '../../src/extension/commands/edit.ts';
import { explain } from '../../src/extension/commands/explain.ts';
import { fix } from '../../src/extension/commands/fix.ts';
import { generateCommitMessage } from '../../src/extension/commands/generateCommitMessage.ts';
import { slashCommandViews } from '../../src/extension/commands/slashCommandViews.ts';
import { summarize } from '../../src/extension/commands/summarize.ts';
import { writeTests } from '../../src/extension/commands/writeTests.ts';
import { runBlockAction } from '../../src/extension/edits/blockActions.ts';
import { previewEdit, workspaceEdit } from '../../src/extension/edits/previewEdit.ts';
import { repositoryOf } from '../../src/extension/git.ts';
import { activeExtension, closeEditors, editorWith, until } from './support/editor.ts';
import { scriptedChat } from './support/scriptedChat.ts';

const CODE = 'start();\n    one();\n    two();\nend();\n';

function folder(): vscode.Uri {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(first, 'the tests need an open folder');
  return first.uri;
}

/** An editor with a file of the workspace. */
async function editorOfFile(name: string, content: string): Promise<vscode.TextEditor> {
  const file = path.join(folder().fsPath, name);
  await writeFile(file, content);
  return vscode.window.showTextDocument(vscode.Uri.file(file));
}

function select(editor: vscode.TextEditor, firstLine: number, lastLine: number): void {
  const end = editor.document.lineAt(lastLine).range.end;
  editor.selection = new vscode.Selection(new vscode.Position(firstLine, 4), end);
}

/** Presses a button of VS Code's preview until the work that waits for it ends. */
async function answerPreview(button: 'apply' | 'discard', work: Promise<void>): Promise<void> {
  const press = setInterval(() => void vscode.commands.executeCommand(`refactorPreview.${button}`), 300);
  try {
    await work;
  } finally {
    clearInterval(press);
  }
}

describe('a command on a selection', function () {
  this.timeout(60_000);
  before(activeExtension);
  afterEach(closeEditors);

  it('asks the chat about the selected lines as a whole', async () => {
    const editor = await editorWith(`${CODE}▮`);
    select(editor, 1, 2);
    const { chat, questions } = scriptedChat();
    await explain(chat);
    const [question] = questions;
    assert.equal(question?.text, '/explain');
    assert.deepEqual(
      question.attachments.map(({ kind, text }) => [kind, text]),
      [['selection', '    one();\n    two();\n']],
    );
  });

  it('summarizes and tests the same lines', async () => {
    const editor = await editorWith(`${CODE}▮`);
    select(editor, 0, 1);
    const { chat, questions } = scriptedChat();
    await summarize(chat);
    await writeTests(chat);
    assert.deepEqual(
      questions.map(({ text, attachments }) => [text, attachments.at(-1)?.text]),
      ['/summarize', '/tests'].map((text) => [text, 'start();\n    one();\n']),
    );
  });

  it('is about the function around the cursor when nothing is selected', async () => {
    const provider = vscode.languages.registerDocumentSymbolProvider('plaintext', {
      provideDocumentSymbols: () => {
        const range = new vscode.Range(1, 4, 2, 10);
        return [new vscode.DocumentSymbol('f', '', vscode.SymbolKind.Function, range, range)];
      },
    });
    try {
      const editor = await editorWith('start();\n    one();\n    tw▮o();\nend();\n');
      assert.equal((await selectionOrSymbol(editor))?.text, '    one();\n    two();\n');
      editor.selection = new vscode.Selection(3, 0, 3, 0);
      assert.equal((await selectionOrSymbol(editor))?.text, CODE);
    } finally {
      provider.dispose();
    }
  });

  it('takes the problems of the selection along for a fix, and the definitions it uses', async () => {
    const editor = await editorWith(`${CODE}▮`);
    const { uri } = editor.document;
    const problems = vscode.languages.createDiagnosticCollection('test');
    const definitions = vscode.languages.registerDefinitionProvider('plaintext', {
      provideDefinition: () => new vscode.Location(uri, new vscode.Position(3, 0)),
    });
    try {
      problems.set(uri, [
        new vscode.Diagnostic(new vscode.Range(2, 4, 2, 7), 'two is not defined'),
        new vscode.Diagnostic(new vscode.Range(3, 0, 3, 3), 'elsewhere'),
      ]);
      select(editor, 1, 2);
      const { chat, questions } = scriptedChat();
      await fix(chat);
      const attachments = questions[0]?.attachments ?? [];
      assert.deepEqual(
        attachments.map(({ kind }) => kind),
        ['definition', 'problems', 'selection'],
      );
      assert.equal(attachments[0]?.text, 'end();\n');
      assert.equal(attachments[1]?.text, 'Error in line 3: two is not defined\n  two();');
    } finally {
      definitions.dispose();
      problems.dispose();
    }
  });

  it('is offered by the lightbulb only when a model is ready', async () => {
    const editor = await editorWith(`${CODE}▮`);
    select(editor, 1, 2);
    const { chat } = scriptedChat();
    const titles = async (ready: boolean): Promise<string[]> => {
      const actions = new CodeActions({ ...chat, ready } satisfies ChatCommands);
      const provider = vscode.languages.registerCodeActionsProvider('plaintext', actions, {
        providedCodeActionKinds: CodeActions.kinds,
      });
      const found = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        editor.document.uri,
        editor.selection,
      );
      provider.dispose();
      return found.map(({ title }) => title).filter((title) => title.includes('Gemma'));
    };
    assert.deepEqual(await titles(false), []);
    assert.deepEqual(await titles(true), ['Explain with Gemma', 'Edit with Gemma…']);
  });

  it('has a line about every command that can follow a slash', () => {
    for (const { name, detail } of slashCommandViews()) assert.ok(detail.length > 5, name);
  });
});

describe('a change to a selection', function () {
  this.timeout(90_000);
  const answer = 'Here it is:\n```\none(1);\ntwo(); // twice\nthree();\n```';
  const changed = 'start();\r\n    one(1);\r\n    two(); // twice\r\n    three();\r\nend();\r\n';
  const windows = CODE.replaceAll('\n', '\r\n');

  before(activeExtension);
  afterEach(async () => {
    await closeEditors();
    await rm(path.join(folder().fsPath, 'change.txt'), { force: true });
  });

  it('is shown first, then made as one step, and nothing else is touched', async () => {
    const editor = await editorOfFile('change.txt', windows);
    select(editor, 1, 2);
    const { chat } = scriptedChat(() => answer);
    await answerPreview('apply', documentCommand(chat));
    assert.equal(editor.document.getText(), changed);
    await vscode.window.showTextDocument(editor.document);
    await vscode.commands.executeCommand('undo');
    await until('undoing', () => editor.document.getText() === windows);
  });

  it('is not made when it is discarded', async () => {
    const editor = await editorOfFile('change.txt', windows);
    select(editor, 1, 2);
    await answerPreview('discard', documentCommand(scriptedChat(() => answer).chat));
    assert.equal(editor.document.getText(), windows);
  });

  it('goes to where the text stands by then', async () => {
    const editor = await editorOfFile('change.txt', windows);
    select(editor, 1, 2);
    const { chat } = scriptedChat(async () => {
      await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'first();\n'));
      return answer;
    });
    await answerPreview('apply', documentCommand(chat));
    assert.equal(editor.document.getText(), `first();\r\n${changed}`);
  });

  it('is what the person wishes', async () => {
    const editor = await editorOfFile('change.txt', windows);
    select(editor, 1, 2);
    const { chat } = scriptedChat(({ turns }) => {
      assert.match(turns[0]?.text ?? '', /as follows: count them\n/u);
      return answer;
    });
    await editCommand(chat, { ask: async () => undefined });
    assert.equal(editor.document.getText(), windows);
    await answerPreview('apply', editCommand(chat, { ask: async () => 'count them' }));
    assert.equal(editor.document.getText(), changed);
  });

  it('is refused when the text is gone', async () => {
    const { document } = await editorOfFile('change.txt', windows);
    const proposed = { uri: document.uri, original: 'three();\n', offset: 0, text: 'x', title: 'x' };
    await assert.rejects(previewEdit(proposed), { code: 'bad-input' });
    assert.equal(document.getText(), windows);
  });

  it('changes nothing but its own document and its own lines, whatever the model says', async () => {
    const { document } = await editorOfFile('change.txt', windows);
    const original = '    one();\n    two();\n';
    const span = { start: 10, end: 10 + original.length + 2 };
    const line = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        '```',
        '```ts /etc/passwd',
        '--- a/../../x',
        '+++ b/.vscode/settings.json',
        '    one();',
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.boolean(), (lines, exists) => {
        const proposal = proposeEdit(original, lines.join('\n'));
        if (proposal.kind === 'none') return;
        const edit = workspaceEdit(document, span, { text: proposal.text, title: 'x' }, exists);
        for (const [uri, changes] of edit.entries()) {
          assert.equal(uri.toString(), document.uri.toString());
          for (const { range } of changes) {
            assert.ok(
              document.offsetAt(range.start) >= span.start && document.offsetAt(range.end) <= span.end,
            );
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a code block of an answer', function () {
  this.timeout(60_000);
  before(activeExtension);
  afterEach(async () => {
    await closeEditors();
    await rm(path.join(folder().fsPath, 'block.txt'), { force: true });
  });

  const block = { info: 'python', code: 'print(1)', attachments: [] };

  it('is copied, inserted and put into a new file', async () => {
    await runBlockAction('copy', block);
    assert.equal(await vscode.env.clipboard.readText(), 'print(1)');
    const editor = await editorWith('a▮b');
    await runBlockAction('insert', block);
    assert.equal(editor.document.getText(), 'aprint(1)b');
    await runBlockAction('newFile', block);
    const created = vscode.window.activeTextEditor?.document;
    assert.equal(created?.getText(), 'print(1)\n');
    assert.equal(created.languageId, 'python');
  });

  it('is applied where the attached code came from', async () => {
    const editor = await editorOfFile('block.txt', CODE);
    select(editor, 1, 1);
    const selection = await selectionOrSymbol(editor);
    assert.ok(selection);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'first();\n'));
    const applied = { info: '', code: 'one(1);', attachments: [selection] };
    await answerPreview('apply', runBlockAction('apply', applied));
    assert.equal(editor.document.getText(), `first();\n${CODE.replace('one()', 'one(1)')}`);
  });

  it('is not applied to a whole file when it is only a part of it', async () => {
    const editor = await editorOfFile('block.txt', 'line\n'.repeat(50));
    const file = await attachFile(editor.document.uri);
    await assert.rejects(runBlockAction('apply', { info: '', code: 'line', attachments: [file] }), {
      code: 'bad-input',
    });
  });
});

/** A folder in the workspace. */
function own(): string {
  return path.join(folder().fsPath, 'attachments');
}

describe('what can be attached', function () {
  this.timeout(60_000);

  before(async () => {
    await activeExtension();
    await mkdir(own(), { recursive: true });
    await writeFile(path.join(own(), 'Harbour.txt'), 'a light\n');
    await writeFile(path.join(own(), '.env.harbour'), 'PASSWORD=1\n');
    await writeFile(path.join(own(), 'harbour.bin'), Buffer.alloc(3_000_000));
  });
  after(() => rm(own(), { recursive: true }));
  afterEach(closeEditors);

  it('is found by name, but nothing that usually is a secret', async () => {
    const found = await findAttachments('harbour');
    assert.deepEqual(found.map(({ label }) => label).sort(), ['Harbour.txt', 'harbour.bin']);
    const text = await found.find(({ label }) => label === 'Harbour.txt')?.load();
    assert.equal(text?.text, 'a light\n');
    assert.equal(text.label, 'attachments/Harbour.txt');
  });

  it('is a text of a sensible size', async () => {
    await assert.rejects(attachFile(vscode.Uri.file(path.join(own(), 'harbour.bin'))), { code: 'bad-input' });
    await assert.rejects(attachFile(vscode.Uri.file(own())), { code: 'bad-input' });
  });

  it('is what was dropped: files and folders, nothing from the network', async () => {
    const uris = [path.join(own(), 'Harbour.txt'), own()].map((file) => vscode.Uri.file(file).toString());
    const dropped: Attachment[] = await attachDropped(uris);
    assert.deepEqual(
      dropped.map(({ kind }) => kind),
      ['file', 'outline'],
    );
    assert.match(dropped[1]?.text ?? '', /Harbour\.txt/u);
    assert.doesNotMatch(dropped[1]?.text ?? '', /\.env/u);
    for (const uri of ['https://example.com/a', 'command:gemmaCode.fix', 'no uri']) {
      await assert.rejects(attachDropped([uri]), { code: 'bad-input' });
    }
  });
});

function repository(): string {
  return path.join(folder().fsPath, 'repository');
}

function rootUri(): vscode.Uri {
  return vscode.Uri.file(repository());
}

async function git(...args: string[]): Promise<void> {
  await promisify(execFile)('git', args, { cwd: repository() });
}

/** VS Code's own git extension, as far as a test opens something with it. */
interface GitExports {
  getAPI(version: 1): { openRepository(root: vscode.Uri): Promise<unknown> };
}

function isReady(exports: GitExports): boolean {
  try {
    return exports.getAPI(1) !== undefined;
  } catch {
    return false;
  }
}

function switchGit(enabled: boolean): Thenable<void> {
  const settings = vscode.workspace.getConfiguration();
  return settings.update('git.enabled', enabled, vscode.ConfigurationTarget.Global);
}

describe('a commit message', function () {
  this.timeout(60_000);

  before(async () => {
    await activeExtension();
    await mkdir(repository());
    await git('init', '--quiet');
    await writeFile(path.join(repository(), 'light.txt'), 'a light\n');
    await writeFile(path.join(repository(), '.env'), 'PASSWORD=1\n');
    await git('add', '--all', '--force');
    const extension = vscode.extensions.getExtension<GitExports>('vscode.git');
    assert.ok(extension, 'this VS Code has no git extension');
    const exports = await extension.activate();
    // The host starts with git switched off; once it is on, its extension takes a moment.
    await switchGit(true);
    await until('git being there', () => isReady(exports));
    assert.ok(await exports.getAPI(1).openRepository(rootUri()), 'the repository was not opened');
  });
  // The workspace is a copy that goes as a whole: git may still look at the repository.
  after(() => switchGit(false));

  it('is written into the box of the repository, about what is staged, without secrets', async () => {
    const { chat } = scriptedChat(({ turns }) => {
      assert.match(turns[0]?.text ?? '', /\+a light/u);
      assert.doesNotMatch(turns[0]?.text ?? '', /PASSWORD/u);
      return '```\nAdd a light\n```';
    });
    await generateCommitMessage(chat, { rootUri: rootUri() });
    assert.equal((await repositoryOf(rootUri()))?.inputBox.value, 'Add a light');
  });

  it('leaves alone what the person writes meanwhile', async () => {
    const box = (await repositoryOf(rootUri()))?.inputBox;
    assert.ok(box);
    const { chat } = scriptedChat(() => {
      box.value = 'My own words';
      return 'Add a light';
    });
    await generateCommitMessage(chat, { rootUri: rootUri() });
    assert.equal(box.value, 'My own words');
  });
});
