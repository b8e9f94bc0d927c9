import * as vscode from 'vscode';
import type { TokenColors } from '../protocol/chat.ts';
import { Disposable } from './disposable.ts';
import { readColorTheme } from './theme/colorTheme.ts';
import { likelyThemeNames, themesOf, type ThemeSettings, type UiTheme } from './theme/themeName.ts';
import { tokenColors } from './theme/tokenColors.ts';

const UI_THEMES: Readonly<Record<vscode.ColorThemeKind, UiTheme>> = {
  [vscode.ColorThemeKind.Light]: 'vs',
  [vscode.ColorThemeKind.Dark]: 'vs-dark',
  [vscode.ColorThemeKind.HighContrast]: 'hc-black',
  [vscode.ColorThemeKind.HighContrastLight]: 'hc-light',
};

/** What the editor stands on in high contrast, unless the theme says otherwise. */
const HIGH_CONTRAST_BACKGROUNDS: Readonly<Partial<Record<UiTheme, string>>> = {
  'hc-black': '#000000',
  'hc-light': '#ffffff',
};

/**
 * The colours that the active theme gives to code. VS Code tells nobody, so they are read from the theme's own file;
 * where it is out of reach there are none, and the page has its own.
 */
export class ThemeColors extends Disposable {
  readonly #changed = this.own(new vscode.EventEmitter<TokenColors>());
  readonly onChange = this.#changed.event;
  #colors: TokenColors = {};
  /** Counts the readings: of two that overlap, the later one is right. */
  #reading = 0;

  constructor() {
    super();
    this.own(vscode.window.onDidChangeActiveColorTheme(() => void this.#read()));
    // A theme is shown before its name is in the settings.
    this.own(
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (['workbench', 'window'].some((section) => change.affectsConfiguration(section)))
          void this.#read();
      }),
    );
    void this.#read();
  }

  /** Empty until the first reading is over. */
  get colors(): TokenColors {
    return this.#colors;
  }

  async #read(): Promise<void> {
    const reading = ++this.#reading;
    const colors = await readActiveTheme();
    if (reading !== this.#reading || JSON.stringify(colors) === JSON.stringify(this.#colors)) return;
    this.#colors = colors;
    this.#changed.fire(colors);
  }
}

/** Empty where the theme can't be found or read. */
async function readActiveTheme(): Promise<TokenColors> {
  const uiTheme = UI_THEMES[vscode.window.activeColorTheme.kind];
  const place = placeOfTheme(uiTheme);
  if (place === null) return {};
  try {
    const theme = await readColorTheme(place, readText, beside);
    return tokenColors(theme, HIGH_CONTRAST_BACKGROUNDS[uiTheme] ?? null);
  } catch {
    return {};
  }
}

/** The file of the theme that is on the screen. */
function placeOfTheme(uiTheme: UiTheme): vscode.Uri | null {
  for (const name of likelyThemeNames(themeSettings(), uiTheme)) {
    for (const { packageJSON, extensionUri } of vscode.extensions.all) {
      const theme = themesOf(packageJSON).find((entry) => entry.name === name && entry.uiTheme === uiTheme);
      if (theme !== undefined) return vscode.Uri.joinPath(extensionUri, theme.path);
    }
  }
  return null;
}

function themeSettings(): ThemeSettings {
  const workbench = vscode.workspace.getConfiguration('workbench');
  const name = (setting: string): string => workbench.get<string>(setting) ?? '';
  return {
    colorTheme: name('colorTheme'),
    followsSystem: vscode.workspace.getConfiguration('window').get('autoDetectColorScheme') === true,
    preferred: {
      vs: name('preferredLightColorTheme'),
      'vs-dark': name('preferredDarkColorTheme'),
      'hc-black': name('preferredHighContrastColorTheme'),
      'hc-light': name('preferredHighContrastLightColorTheme'),
    },
  };
}

async function readText(place: vscode.Uri): Promise<string> {
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(place));
}

function beside(place: vscode.Uri, include: string): vscode.Uri {
  return vscode.Uri.joinPath(place, '..', include);
}
