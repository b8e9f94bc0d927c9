/** `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa` as one of the last two; null: it is none of them. */
export function normalColor(color: string): string | null {
  if (/^#(?:[\da-f]{6}|[\da-f]{8})$/iu.test(color)) return color;
  if (/^#[\da-f]{3,4}$/iu.test(color)) return color.replaceAll(/[\da-f]/giu, '$&$&');
  return null;
}

/**
 * How well text of one colour can be read on another: 1 to 21, the contrast ratio of the Web Content Accessibility
 * Guidelines 2.2. Both are {@link normalColor}s; what shines through the text is the background, and nothing shines
 * through that.
 */
export function contrast(text: string, background: string): number {
  const [behind, front] = [channels(background), channels(text)];
  const opacity = front[3] ?? 1;
  const seen = front
    .slice(0, 3)
    .map((value, index) => value * opacity + (behind[index] ?? 0) * (1 - opacity));
  const [darker = 0, lighter = 0] = [luminance(seen), luminance(behind)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** Red, green, blue and perhaps opacity, 0 to 1. */
function channels(color: string): number[] {
  return (color.match(/[\da-f]{2}/giu) ?? []).map((pair) => Number.parseInt(pair, 16) / 255);
}

/** Relative luminance of an sRGB colour, as the guidelines define it. */
function luminance(rgb: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((value) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
