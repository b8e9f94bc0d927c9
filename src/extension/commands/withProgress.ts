import * as vscode from 'vscode';

/** A notification for as long as `work` takes, with a button that ends it. */
export async function withProgress<T>(
  title: string,
  work: (signal: AbortSignal, report: (message: string) => void) => Promise<T>,
  location = vscode.ProgressLocation.Notification,
): Promise<T> {
  return vscode.window.withProgress({ location, title, cancellable: true }, async (progress, token) => {
    const abort = new AbortController();
    const cancellation = token.onCancellationRequested(() => abort.abort());
    try {
      return await work(abort.signal, (message) => progress.report({ message }));
    } finally {
      cancellation.dispose();
    }
  });
}
