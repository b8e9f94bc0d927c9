/** Numbers and times as people of `language`, a BCP 47 tag, write them. */
export class Formats {
  readonly #percent: Intl.NumberFormat;
  readonly #count: Intl.NumberFormat;
  readonly #milliseconds: Intl.NumberFormat;
  readonly #rate: Intl.NumberFormat;
  readonly #time: Intl.DateTimeFormat;
  readonly #moment: Intl.DateTimeFormat;

  constructor(language: string) {
    const locale = isTag(language) ? language : 'en';
    this.#percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
    this.#count = new Intl.NumberFormat(locale);
    this.#milliseconds = new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: 'millisecond',
      maximumFractionDigits: 0,
    });
    this.#rate = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
    this.#time = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
    this.#moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  }

  percent(fraction: number): string {
    return this.#percent.format(fraction);
  }

  count(value: number): string {
    return this.#count.format(value);
  }

  milliseconds(value: number): string {
    return this.#milliseconds.format(value);
  }

  /** As exact as a measured rate deserves. */
  rate(value: number): string {
    return this.#rate.format(value);
  }

  /** @param time milliseconds since 1970 */
  moment(time: number): string {
    return this.#moment.format(time);
  }

  /** @param time milliseconds since 1970 */
  time(time: number): string {
    return this.#time.format(time);
  }
}

/** `template` with `{0}`, `{1}` … replaced. */
export function fill(template: string, ...values: readonly string[]): string {
  return template.replace(/\{(\d)\}/g, (placeholder, index) => values[Number(index)] ?? placeholder);
}

/** How a code point is written where it can't be seen. */
export function codePointName(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}

function isTag(language: string): boolean {
  try {
    return Intl.getCanonicalLocales(language).length === 1;
  } catch {
    return false;
  }
}
