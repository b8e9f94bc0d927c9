/** Sizes, speeds and times as a person reads them in `language`, a tag that VS Code gives. */
export class Format {
  readonly #language: string;

  constructor(language: string) {
    this.#language = language;
  }

  /** Bytes on a disk or a wire, in powers of 1,000, as hubs and file managers count. */
  size(bytes: number): string {
    if (bytes >= 1e9) return this.#unit('gigabyte', bytes / 1e9, bytes < 1e11 ? 1 : 0);
    return bytes >= 1e6 ? this.#unit('megabyte', bytes / 1e6) : this.#unit('kilobyte', bytes / 1e3);
  }

  /** Bytes of memory, in powers of 1,024, as memory is sold. */
  memory(bytes: number): string {
    const [gib, mib] = [bytes / 2 ** 30, bytes / 2 ** 20];
    return gib >= 1 ? this.#unit('gigabyte', gib, gib < 100 ? 1 : 0) : this.#unit('megabyte', mib);
  }

  speed(bytesPerSecond: number): string {
    if (bytesPerSecond >= 1e6) {
      return this.#unit('megabyte-per-second', bytesPerSecond / 1e6, bytesPerSecond < 1e7 ? 1 : 0);
    }
    return this.#unit('kilobyte-per-second', bytesPerSecond / 1e3);
  }

  /** Rounded up, the coarser the longer it is: nobody counts the seconds of an hour. */
  duration(seconds: number): string {
    if (seconds < 60) return this.#unit('second', Math.max(1, Math.ceil(seconds)));
    const minutes = Math.ceil(seconds / 60);
    if (minutes < 60) return this.#unit('minute', minutes);
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    return rest === 0 || hours >= 10
      ? this.#unit('hour', rest < 30 ? hours : hours + 1)
      : `${this.#unit('hour', hours)} ${this.#unit('minute', rest)}`;
  }

  /** @param fraction 0–1; rounded down, since 100 % means done */
  percent(fraction: number): string {
    return new Intl.NumberFormat(this.#language, { style: 'percent' }).format(
      Math.floor(fraction * 100) / 100,
    );
  }

  /** A count in the person's own digits and groups. */
  number(value: number, maximumFractionDigits = 0): string {
    return new Intl.NumberFormat(this.#language, { maximumFractionDigits }).format(value);
  }

  #unit(unit: string, value: number, maximumFractionDigits = 0): string {
    return new Intl.NumberFormat(this.#language, {
      style: 'unit',
      unit,
      unitDisplay: 'short',
      maximumFractionDigits,
    }).format(value);
  }
}

/** Seconds until a transfer is done; null: it can't be told. */
export function secondsLeft(transfer: {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
}): number | null {
  const { doneBytes, totalBytes, bytesPerSecond } = transfer;
  if (bytesPerSecond <= 0 || totalBytes === 0) return null;
  return Math.max(0, totalBytes - doneBytes) / bytesPerSecond;
}

/** 0–1; 0 until the size is known. */
export function fractionDone({
  doneBytes,
  totalBytes,
}: {
  readonly doneBytes: number;
  readonly totalBytes: number;
}): number {
  return totalBytes === 0 ? 0 : Math.min(1, doneBytes / totalBytes);
}
