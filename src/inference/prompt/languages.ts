/** Dialects that share a training tag with their base language. VS Code language id → tag. */
const dialects: Readonly<Record<string, string>> = {
  javascriptreact: 'javascript',
  jsonc: 'json',
  less: 'scss',
};

/** The tag a model may have been trained with for a VS Code language id. */
export function languageTag(languageId: string): string {
  return dialects[languageId] ?? languageId;
}

/** All VS Code language ids that `tags` cover. */
export function languageIds(tags: readonly string[]): string[] {
  const covered = Object.keys(dialects).filter((id) => tags.includes(languageTag(id)));
  return [...tags, ...covered];
}
