import * as v from 'valibot';

/** What a theme is for, as extensions declare it. */
export type UiTheme = 'vs' | 'vs-dark' | 'hc-black' | 'hc-light';

const Contributions = v.object({
  contributes: v.object({
    themes: v.array(
      v.object({
        id: v.optional(v.string()),
        label: v.optional(v.string()),
        uiTheme: v.optional(v.picklist(['vs', 'vs-dark', 'hc-black', 'hc-light']), 'vs-dark'),
        path: v.string(),
      }),
    ),
  }),
});

/** A theme that an extension brings. */
export interface ThemeEntry {
  /** As settings name it. */
  readonly name: string;
  readonly uiTheme: UiTheme;
  /** Below the extension's folder. */
  readonly path: string;
}

/** The themes that an extension with this package.json brings. */
export function themesOf(manifest: unknown): ThemeEntry[] {
  const parsed = v.safeParse(Contributions, manifest);
  if (!parsed.success) return [];
  return parsed.output.contributes.themes.map(({ id, label, uiTheme, path }) => ({
    name: id ?? label ?? '',
    uiTheme,
    path,
  }));
}

/** The names in the settings. */
export interface ThemeSettings {
  readonly colorTheme: string;
  /** The theme follows the system's choice of light and dark. */
  readonly followsSystem: boolean;
  readonly preferred: Readonly<Record<UiTheme, string>>;
}

/**
 * The names that the theme on the screen may have, the likeliest first. A system in high contrast changes to the
 * preferred theme of that kind without any setting.
 */
export function likelyThemeNames(settings: ThemeSettings, uiTheme: UiTheme): string[] {
  const preferred = settings.preferred[uiTheme];
  const names = [settings.colorTheme, preferred];
  return settings.followsSystem ? names.toReversed() : names;
}
