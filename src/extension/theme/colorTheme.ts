import * as v from 'valibot';

/** A rule of a theme for what a TextMate grammar finds; without a scope it is about everything. */
const Rule = v.object({
  scope: v.optional(v.union([v.string(), v.array(v.string())])),
  settings: v.object({ foreground: v.optional(v.string()) }),
});
export type Rule = v.InferOutput<typeof Rule>;

const ThemeFile = v.object({
  include: v.optional(v.string()),
  colors: v.optional(v.record(v.string(), v.unknown())),
  /** A string names a file in TextMate's own format. */
  tokenColors: v.optional(v.unknown()),
});

/** What a colour theme says about code, with all that it includes. */
export interface ColorTheme {
  readonly editorBackground: string | null;
  /** Of rules that are equally close, a later one counts. */
  readonly rules: readonly Rule[];
}

const NOTHING: ColorTheme = { editorBackground: null, rules: [] };

/** No theme includes more than three; one that includes itself has to end. */
const MAX_INCLUDES = 8;

/**
 * Reads the theme at `place` and what it includes. What doesn't look like a theme says nothing.
 * @param read the text at a place; what it throws is thrown
 * @param resolve the place that `place` calls `include`
 */
export async function readColorTheme<Place>(
  place: Place,
  read: (place: Place) => Promise<string>,
  resolve: (place: Place, include: string) => Place,
  includesLeft = MAX_INCLUDES,
): Promise<ColorTheme> {
  const file = v.safeParse(ThemeFile, parseJsonWithComments(await read(place)));
  if (!file.success) return NOTHING;
  const { include, colors, tokenColors } = file.output;
  const base =
    include === undefined || includesLeft === 0
      ? NOTHING
      : await readColorTheme(resolve(place, include), read, resolve, includesLeft - 1);
  const background = colors?.['editor.background'];
  const rules = Array.isArray(tokenColors) ? tokenColors.filter((rule) => v.is(Rule, rule)) : [];
  return {
    editorBackground: typeof background === 'string' ? background : base.editorBackground,
    rules: [...base.rules, ...rules],
  };
}

const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//gu;
const STRING_OR_LAST_COMMA = /"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/gu;

/** JSON as themes are written: with comments, and with commas after the last entry. Undefined: it is not. */
export function parseJsonWithComments(text: string): unknown {
  const json = text
    .replace(/^\uFEFF/u, '')
    .replace(STRING_OR_COMMENT, (found) => (found.startsWith('"') ? found : ' '))
    .replace(STRING_OR_LAST_COMMA, (found) => (found.startsWith('"') ? found : ''));
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
