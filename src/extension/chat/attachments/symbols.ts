import * as vscode from 'vscode';

/** Of these a person says "this function". */
const wholes: ReadonlySet<vscode.SymbolKind> = new Set([
  vscode.SymbolKind.Class,
  vscode.SymbolKind.Constructor,
  vscode.SymbolKind.Enum,
  vscode.SymbolKind.Function,
  vscode.SymbolKind.Interface,
  vscode.SymbolKind.Method,
  vscode.SymbolKind.Module,
  vscode.SymbolKind.Namespace,
  vscode.SymbolKind.Struct,
]);

/** What the language's own extension knows of a document; empty where there is none. */
export async function documentSymbols(uri: vscode.Uri): Promise<vscode.DocumentSymbol[]> {
  const symbols = await vscode.commands
    .executeCommand<(vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined>(
      'vscode.executeDocumentSymbolProvider',
      uri,
    )
    .then(undefined, () => undefined);
  return (symbols ?? []).filter((symbol) => 'children' in symbol);
}

/** The smallest function, class or the like around `position`. */
export function innermostSymbol(
  symbols: readonly vscode.DocumentSymbol[],
  position: vscode.Position,
): vscode.DocumentSymbol | null {
  for (const symbol of symbols) {
    if (!symbol.range.contains(position)) continue;
    return innermostSymbol(symbol.children, position) ?? (wholes.has(symbol.kind) ? symbol : null);
  }
  return null;
}
