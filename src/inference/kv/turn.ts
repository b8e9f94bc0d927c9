/** The right to compute. Long work asks between its steps whether it may go on. */
export interface Turn {
  /**
   * Returns when the next step may run; more urgent work runs before.
   *
   * @throws GemmaError `cancelled`
   */
  step(): Promise<void>;
  /** Lets others compute, of any urgency, until `pending` is settled. @returns what it is settled with */
  aside<T>(pending: Promise<T>): Promise<T>;
}
