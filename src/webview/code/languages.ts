/** Names of languages as people write them, by what models write after a fence. */
const LANGUAGES: readonly (readonly [name: string, grammar: string, ...others: string[]])[] = [
  ['C', 'c', 'h'],
  ['C++', 'cpp', 'c++', 'cc', 'cxx', 'hpp'],
  ['C#', 'csharp', 'cs', 'c#'],
  ['CSS', 'css'],
  ['Diff', 'diff', 'patch'],
  ['Go', 'go', 'golang'],
  ['GraphQL', 'graphql', 'gql'],
  ['HTML', 'xml', 'html', 'xhtml', 'vue', 'svelte'],
  ['INI', 'ini'],
  ['Java', 'java'],
  ['JavaScript', 'javascript', 'js', 'cjs', 'mjs'],
  ['JavaScript JSX', 'javascript', 'jsx', 'javascriptreact'],
  ['JSON', 'json', 'jsonc', 'json5'],
  ['Kotlin', 'kotlin', 'kt', 'kts'],
  ['Less', 'less'],
  ['Lua', 'lua'],
  ['Makefile', 'makefile', 'make', 'mk'],
  ['Markdown', 'markdown', 'md'],
  ['Objective-C', 'objectivec', 'objc', 'objective-c'],
  ['Perl', 'perl', 'pl'],
  ['PHP', 'php'],
  ['Python', 'python', 'py', 'python3'],
  ['R', 'r'],
  ['Ruby', 'ruby', 'rb'],
  ['Rust', 'rust', 'rs'],
  ['SCSS', 'scss'],
  ['Shell', 'bash', 'sh', 'shell', 'zsh', 'shellscript'],
  ['Shell', 'shell', 'console', 'shellsession'],
  ['SQL', 'sql'],
  ['SVG', 'xml', 'svg'],
  ['Swift', 'swift'],
  ['TOML', 'ini', 'toml'],
  ['TypeScript', 'typescript', 'ts', 'cts', 'mts'],
  ['TypeScript JSX', 'typescript', 'tsx', 'typescriptreact'],
  ['XML', 'xml'],
  ['YAML', 'yaml', 'yml'],
];

export interface Language {
  /** For people. */
  readonly name: string;
  /** As the highlighter calls it; null: it has no grammar. */
  readonly grammar: string | null;
}

const byAlias = new Map<string, Language>();
for (const [name, grammar, ...others] of LANGUAGES) {
  for (const alias of [name.toLowerCase(), grammar, ...others])
    if (!byAlias.has(alias)) byAlias.set(alias, { name, grammar });
}

/** @param info what stands after a fence: a language, and perhaps more: "ts title=a.ts", "{.python}", "js{1,3}" */
export function languageOf(info: string): Language {
  const word = /[^\s{}.,:;]+/u.exec(info)?.[0] ?? '';
  return byAlias.get(word.toLowerCase()) ?? { name: word, grammar: null };
}
