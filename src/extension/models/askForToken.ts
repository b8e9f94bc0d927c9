import * as vscode from 'vscode';
import type { Hub } from './hub.ts';

/** Asks for a token that may read, and keeps it for this hub. False: the person doesn't give one. */
export async function askForToken(hub: Hub): Promise<boolean> {
  const token = await inputToken(hub);
  if (token === undefined) return false;
  await hub.keepToken(token);
  return true;
}

function inputToken(hub: Hub): Promise<string | undefined> {
  const page = {
    iconPath: new vscode.ThemeIcon('link-external'),
    tooltip: vscode.l10n.t('Open the page of your tokens'),
  };
  const box = vscode.window.createInputBox();
  box.title = vscode.l10n.t('Read token of {0}', hub.host);
  box.prompt = vscode.l10n.t(
    'A token that may only read is enough. It is kept by VS Code’s secret storage and sent to {0} alone.',
    hub.host,
  );
  box.placeholder = 'hf_…';
  box.password = true;
  // The person comes back from a browser with it.
  box.ignoreFocusOut = true;
  box.buttons = [page];
  return new Promise((resolve) => {
    box.onDidTriggerButton(() => void hub.openTokens());
    box.onDidAccept(() => {
      const token = box.value.trim();
      if (/^[\x21-\x7e]{1,4096}$/u.test(token)) {
        resolve(token);
        box.hide();
      } else box.validationMessage = vscode.l10n.t('This is not a token.');
    });
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}
