/** Money given back: a file that somebody is in the middle of writing. */
export interface Refund {
  readonly order: string;
  readonly amount: number;
}

export function parseRefund(fields: Map<string, string>): Refund {
  const order = fields.get('order');
  if (order === undefined) throw new TypeError('order is missing');
  return { order, amount: Number(fields.get('amount')) };
}

export function totalOf(refunds: readonly Refund[]): number {
  let total = 0;
  for (const refund