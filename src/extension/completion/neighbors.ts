import * as vscode from 'vscode';
import { documentSchemes } from '../../completion/policy.ts';
import { textAround } from '../../completion/windows.ts';
import { MAX_NEIGHBOR_CHARS, MAX_NEIGHBORS } from '../../protocol/engine.ts';
import type { CompleteParams } from '../../protocol/engine.ts';
import { Disposable } from '../disposable.ts';
import { documentLines } from './documentLines.ts';
import { identityOf } from './identity.ts';

type Neighbor = CompleteParams['neighbors'][number];

interface Visit {
  readonly document: vscode.TextDocument;
  readonly line: number;
}

/**
 * The other files a person has looked at, latest first, around the place they looked at. Only what is open is read,
 * and nothing at all before the folder is trusted.
 */
export class Neighbors extends Disposable {
  /** Latest first. */
  #visits: Visit[] = [];
  /** What was cut from a document; good as long as its version and place are the same. */
  readonly #cuts = new WeakMap<vscode.TextDocument, { version: number; line: number; neighbor: Neighbor }>();

  constructor() {
    super();
    for (const editor of vscode.window.visibleTextEditors) this.#visit(editor);
    if (vscode.window.activeTextEditor !== undefined) this.#visit(vscode.window.activeTextEditor);
    this.own(vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.#visit(textEditor)));
    this.own(
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        if (editor !== undefined) this.#visit(editor);
      }),
    );
    this.own(
      vscode.workspace.onDidCloseTextDocument((document) => {
        this.#visits = this.#visits.filter((visit) => visit.document !== document);
      }),
    );
  }

  /** For a completion in `document`. */
  of(document: vscode.TextDocument): Neighbor[] {
    if (!vscode.workspace.isTrusted) return [];
    return this.#visits
      .filter((visit) => visit.document !== document)
      .slice(0, MAX_NEIGHBORS)
      .map((visit) => this.#cut(visit))
      .filter(({ text }) => text.trim() !== '');
  }

  #visit({ document, selection }: vscode.TextEditor): void {
    if (!documentSchemes.some((scheme) => scheme === document.uri.scheme)) return;
    const others = this.#visits.filter((visit) => visit.document !== document);
    this.#visits = [{ document, line: selection.active.line }, ...others].slice(0, MAX_NEIGHBORS + 1);
  }

  #cut({ document, line }: Visit): Neighbor {
    const known = this.#cuts.get(document);
    if (known?.version === document.version && known.line === line) return known.neighbor;
    const text = textAround(documentLines(document), line, MAX_NEIGHBOR_CHARS);
    const neighbor = { languageId: identityOf(document).languageId, text };
    this.#cuts.set(document, { version: document.version, line, neighbor });
    return neighbor;
  }
}
