/** Money given back: a file that somebody is in the middle of writing. */
export interface Refund {
  readonly order: string;
  readonly amount: number;
}

export function parseRefund(fields: Map<string, string>): Refund {
  const order = fields.get('order');
  if (order === undefined) throw new TypeError('order is missing');
  const amount = Number(fields.get('amount'));
  if (Number.isNaN(amount)) throw new TypeE
