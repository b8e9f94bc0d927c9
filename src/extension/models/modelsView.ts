import * as vscode from 'vscode';
import { Disposable } from '../disposable.ts';
import { modelsView } from '../ids.ts';
import { Throttle } from '../throttle.ts';
import type { Format } from './format.ts';
import { diskUse, modelGroups } from './modelRows.ts';
import type { ModelGroup, ModelRow } from './modelRows.ts';
import type { Models } from './models.ts';
import { groupItem, rowItem } from './rowItem.ts';

/** Nobody reads numbers that change faster. */
const SHOW_INTERVAL_MS = 500;

type Element = ModelGroup | ModelRow;

/** The view of models: those here, those on their way, and those to be had. */
export class ModelsView extends Disposable implements vscode.TreeDataProvider<Element> {
  readonly #models: Models;
  readonly #format: Format;
  readonly #changed = this.own(new vscode.EventEmitter<void>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: vscode.TreeView<Element>;
  readonly #showing = this.own(new Throttle(() => this.#show(), SHOW_INTERVAL_MS));
  #held: vscode.Disposable | null = null;

  constructor(models: Models, format: Format) {
    super();
    this.#models = models;
    this.#format = format;
    this.#view = this.own(
      vscode.window.createTreeView(modelsView, { treeDataProvider: this, showCollapseAll: false }),
    );
    this.own(this.#view.onDidChangeVisibility(() => this.#noteVisible()));
    this.own(models.onChange(() => this.#showing.request()));
    this.own({ dispose: () => this.#held?.dispose() });
    this.#noteVisible();
  }

  getTreeItem(element: Element): vscode.TreeItem {
    return element.kind === 'group' ? groupItem(element) : rowItem(element, this.#format);
  }

  /** Where nothing could be read there are none: VS Code shows what package.json welcomes with. */
  async getChildren(element?: Element): Promise<Element[]> {
    if (element !== undefined) return element.kind === 'group' ? [...element.rows] : [];
    if (this.#models.facts === null && this.#models.failure === null) await this.#models.read();
    const { facts } = this.#models;
    return facts === null ? [] : modelGroups(facts);
  }

  /** The process runs while somebody looks. */
  #noteVisible(): void {
    if (this.#view.visible) {
      this.#held ??= this.#models.hold();
      void this.#models.read();
    } else {
      this.#held?.dispose();
      this.#held = null;
    }
  }

  #show(): void {
    if (!this.#view.visible) return;
    const { list, failure } = this.#models;
    this.#view.message = failure?.message ?? '';
    this.#view.description =
      list === null
        ? ''
        : vscode.l10n.t(
            '{0} used, {1} free',
            this.#format.size(diskUse(list)),
            this.#format.size(list.freeBytes),
          );
    this.#changed.fire();
  }
}
