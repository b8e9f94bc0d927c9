import type { TransferView } from '../../protocol/models.ts';
import { transferText } from './transferText.ts';

/** Without a terminal a line is written whenever so much more is done, in percent. */
const STEP_PERCENT = 10;

/** Where a program writes what is not its result. */
export interface Output {
  readonly isTTY: boolean;
  write(text: string): unknown;
}

/** Shows how a download goes: in a terminal on one line, which is rewritten, elsewhere now and then on a new one. */
export class ProgressLine {
  readonly #output: Output;
  #isShown = false;
  #nextPercent = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  show(transfer: TransferView): void {
    const text = `${transfer.id}: ${transferText(transfer)}`;
    if (this.#output.isTTY) {
      this.#output.write(`\r\u001B[K${text}`);
      this.#isShown = true;
      return;
    }
    const { doneBytes, totalBytes } = transfer;
    const percent = totalBytes === 0 ? -1 : Math.floor((100 * doneBytes) / totalBytes);
    if (percent < this.#nextPercent) return;
    this.#nextPercent = percent - (percent % STEP_PERCENT) + STEP_PERCENT;
    this.#output.write(`${text}\n`);
  }

  /** What is written next begins on a line of its own. */
  end(): void {
    if (this.#isShown) this.#output.write('\n');
    this.#isShown = false;
  }
}
