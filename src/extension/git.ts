import * as vscode from 'vscode';

/** What we use of VS Code's own git extension (its API, version 1). */
export interface GitRepository {
  readonly rootUri: vscode.Uri;
  readonly inputBox: { value: string };
  /** @param cached staged changes, else those that aren't */
  diff(cached: boolean): Promise<string>;
}

interface GitExtension {
  getAPI(version: 1): { readonly repositories: readonly GitRepository[] };
}

/** The repository that `uri` lies in, else the first; null: none, or the workspace isn't trusted. */
export async function repositoryOf(uri: vscode.Uri | undefined): Promise<GitRepository | null> {
  const extension = vscode.extensions.getExtension<GitExtension>('vscode.git');
  if (!vscode.workspace.isTrusted || extension === undefined) return null;
  try {
    const { repositories } = (await extension.activate()).getAPI(1);
    const containing = repositories
      .filter(({ rootUri }) => uri !== undefined && `${uri.path}/`.startsWith(`${rootUri.path}/`))
      .toSorted((a, b) => b.rootUri.path.length - a.rootUri.path.length);
    return containing[0] ?? repositories[0] ?? null;
  } catch {
    // Switched off, or git is not installed.
    return null;
  }
}
