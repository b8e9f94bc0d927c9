import * as vscode from 'vscode';

const MAX_WISHES = 20;

/** What a person asked of edits in this window, the latest first; it is offered again. Nothing is kept beyond. */
export class Wishes {
  #past: string[] = [];

  /** Undefined: the person changed their mind. */
  async ask(label: string): Promise<string | undefined> {
    const wish = (await this.#pick(label))?.trim();
    if (wish === undefined || wish === '') return undefined;
    this.#past = [wish, ...this.#past.filter((other) => other !== wish)].slice(0, MAX_WISHES);
    return wish;
  }

  #pick(label: string): Promise<string | undefined> {
    const box = vscode.window.createQuickPick();
    box.title = vscode.l10n.t('Edit {0}', label);
    box.placeholder = vscode.l10n.t('What shall be changed?');
    const offer = (): void => {
      const typed = box.value.trim();
      const others = this.#past.filter((wish) => wish !== typed);
      box.items = [...(typed === '' ? [] : [typed]), ...others].map((wish) => ({ label: wish }));
    };
    offer();
    return new Promise((resolve) => {
      const changed = box.onDidChangeValue(offer);
      const accepted = box.onDidAccept(() => {
        resolve(box.activeItems[0]?.label ?? box.value);
        box.hide();
      });
      const hidden = box.onDidHide(() => {
        resolve(undefined);
        for (const thing of [changed, accepted, hidden, box]) thing.dispose();
      });
      box.show();
    });
  }
}
