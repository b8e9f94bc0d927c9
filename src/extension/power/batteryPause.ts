import { Listeners } from '../../client/listeners.ts';
import type { Subscription } from '../../client/listeners.ts';
import type { BatteryChoice } from '../../completion/policy.ts';
import type { PowerSource } from './powerSource.ts';

/** Nobody minds a minute, and asking costs a process on two of three systems. */
const INTERVAL_MS = 60_000;

/** What of completion the battery leaves. Asks what the machine lives on only while that could change something. */
export class BatteryPause {
  readonly #read: () => Promise<PowerSource>;
  readonly #intervalMs: number;
  readonly #changes = new Listeners<BatteryChoice>();
  #choice: BatteryChoice = 'run';
  #source: PowerSource = 'unknown';
  #timer: NodeJS.Timeout | null = null;
  #rounds = 0;

  constructor(read: () => Promise<PowerSource>, intervalMs = INTERVAL_MS) {
    this.#read = read;
    this.#intervalMs = intervalMs;
  }

  /** What is left now: all of it on the mains, and where it can't be told. */
  get now(): BatteryChoice {
    return this.#source === 'battery' ? this.#choice : 'run';
  }

  onChange(listener: (now: BatteryChoice) => void): Subscription {
    return this.#changes.add(listener);
  }

  /** @param choice what a person wants on battery; `run`: nothing is asked */
  watch(choice: BatteryChoice): void {
    if (choice === this.#choice) return;
    const before = this.now;
    this.#choice = choice;
    if (choice === 'run') this.#stop();
    else if (this.#timer === null) this.#start();
    this.#tell(before);
  }

  dispose(): void {
    this.#stop();
  }

  #start(): void {
    this.#timer = setInterval(() => void this.#ask(), this.#intervalMs);
    this.#timer.unref();
    void this.#ask();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#rounds++;
    this.#source = 'unknown';
  }

  async #ask(): Promise<void> {
    const round = ++this.#rounds;
    const source = await this.#read();
    // Stopped, or asked again, meanwhile.
    if (round !== this.#rounds) return;
    const before = this.now;
    this.#source = source;
    this.#tell(before);
  }

  #tell(before: BatteryChoice): void {
    if (this.now !== before) this.#changes.notify(this.now);
  }
}
