import type * as vscode from 'vscode';
import type { CompleteParams } from '../../protocol/engine.ts';

/** As in the protocol. */
const MAX_URI_CHARS = 4_096;
const MAX_NAME_CHARS = 256;
const MAX_LANGUAGE_CHARS = 128;

/** How the engine knows a document. Names that are too long keep their more telling end. */
export function identityOf(
  document: vscode.TextDocument,
): Pick<CompleteParams, 'document' | 'fileName' | 'languageId'> {
  const { path } = document.uri;
  return {
    document: document.uri.toString().slice(-MAX_URI_CHARS),
    fileName: path.slice(path.lastIndexOf('/') + 1).slice(-MAX_NAME_CHARS),
    languageId: document.languageId.slice(0, MAX_LANGUAGE_CHARS),
  };
}
