import { basename, extname } from 'node:path';

/** VS Code language ids by file extension, lower case. */
const byExtension: Readonly<Record<string, string>> = {
  '.bash': 'shellscript',
  '.bat': 'bat',
  '.c': 'c',
  '.cc': 'cpp',
  '.cjs': 'javascript',
  '.clj': 'clojure',
  '.coffee': 'coffeescript',
  '.cpp': 'cpp',
  '.cs': 'csharp',
  '.css': 'css',
  '.cts': 'typescript',
  '.cxx': 'cpp',
  '.dart': 'dart',
  '.diff': 'diff',
  '.fs': 'fsharp',
  '.go': 'go',
  '.groovy': 'groovy',
  '.h': 'c',
  '.hbs': 'handlebars',
  '.hpp': 'cpp',
  '.htm': 'html',
  '.html': 'html',
  '.ini': 'ini',
  '.java': 'java',
  '.jl': 'julia',
  '.js': 'javascript',
  '.json': 'json',
  '.jsonc': 'jsonc',
  '.jsx': 'javascriptreact',
  '.kt': 'kotlin',
  '.less': 'less',
  '.lua': 'lua',
  '.m': 'objective-c',
  '.mak': 'makefile',
  '.markdown': 'markdown',
  '.md': 'markdown',
  '.mjs': 'javascript',
  '.mk': 'makefile',
  '.mts': 'typescript',
  '.patch': 'diff',
  '.php': 'php',
  '.pl': 'perl',
  '.pm': 'perl',
  '.ps1': 'powershell',
  '.py': 'python',
  '.pyi': 'python',
  '.r': 'r',
  '.rb': 'ruby',
  '.rs': 'rust',
  '.scala': 'scala',
  '.scss': 'scss',
  '.sh': 'shellscript',
  '.sql': 'sql',
  '.swift': 'swift',
  '.tex': 'latex',
  '.toml': 'toml',
  '.ts': 'typescript',
  '.tsx': 'typescriptreact',
  '.vb': 'vb',
  '.vue': 'vue',
  '.xml': 'xml',
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.zsh': 'shellscript',
};

const byName: Readonly<Record<string, string>> = {
  dockerfile: 'dockerfile',
  gnumakefile: 'makefile',
  makefile: 'makefile',
};

/** The language id that VS Code gives a file of this name, or `plaintext`. */
export function languageOfFile(path: string): string {
  const name = basename(path).toLowerCase();
  const extension = extname(name);
  if (Object.hasOwn(byName, name)) return byName[name] ?? 'plaintext';
  return Object.hasOwn(byExtension, extension) ? (byExtension[extension] ?? 'plaintext') : 'plaintext';
}
