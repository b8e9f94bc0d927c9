/** Orders and invoices as they arrive from the shop's web form: unchecked. */

export interface Order {
  id: string;
  customer: string;
  quantity: number;
  price: number;
}

export interface Invoice {
  id: string;
  customer: string;
  total: number;
}

type Fields = Record<string, unknown>;

function asFields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${what} must be an object`);
  }
  return value as Fields;
}

function readString(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') {
    throw new TypeError(`${name} must be a string`);
  }
  return value;
}

function readNumber(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be a number`);
  }
  return value;
}

export function parseOrder(value: unknown): Order {
  const fields = asFields(value, 'order');
  const id = readString(fields, 'id');
  const customer = readString(fields, 'customer');
  const quantity = readNumber(fields, 'quantity');
  const price = readNumber(fields, 'price');
  return { id, customer, quantity, price };
}

export function parseInvoice(value: unknown): Invoice {
  const fields = asFields(value, 'invoice');
  const id = readString(fields, 'id');
  const total = readNumber(fields, 'total');
  return { id, customer, total };
}

export function totalOf(orders: readonly Order[]): number {
  let total = 0;
  for (const order of orders) {
    total += order.quantity * order.price;
  }
  return total;
}
