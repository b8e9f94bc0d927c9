import * as vscode from 'vscode';
import { isSecretFile } from './secretFiles.ts';

/** Whether a file may be read without a person having picked it: in a trusted workspace, nothing secret. */
export function isAllowedFile(uri: vscode.Uri): boolean {
  if (isSecretFile(uri.path)) return false;
  return (
    isOpen(uri) || (vscode.workspace.isTrusted && vscode.workspace.getWorkspaceFolder(uri) !== undefined)
  );
}

export function isOpen(uri: vscode.Uri): boolean {
  return vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
}
