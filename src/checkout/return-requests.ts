import type { Request } from 'express';
import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { decimalMarkOf, readTypedNumber, typedNumber } from '../locales/typed-numbers.ts';
import { decimalField, optionalText } from '../products/field-rules.ts';
import { hasMoreDecimals, subtract } from '../stock/quantities.ts';
import type { CustomerOrder, OrderLine } from './order-queries.ts';

const reasonField = optionalText(500, 'shopAccount.errors.tooLong');
const quantity = decimalField('shopCart.errors.quantity');

export interface ReturnedLine {
  orderLineId: number;
  quantity: number;
}

export class ReturnRefusedError extends DomainError {
  constructor() {
    super({ code: 'return_refused', status: 409, textKey: 'shopOrder.errors.return', field: 'lines' });
  }
}

/** A person answers it. @throws ReturnRefusedError if it is more than was shipped, or one is open */
export async function askForReturn(
  trx: Transaction<Catalogue>,
  { orderId, lines, reason }: { orderId: number; lines: ReturnedLine[]; reason: string },
): Promise<number> {
  await trx.selectFrom('shop_order').select('id').where('id', '=', orderId).forUpdate().execute();
  const open = await trx
    .selectFrom('return_request')
    .select('id')
    .where('order_id', '=', orderId)
    .where('is_open', '=', 1)
    .executeTakeFirst();
  if (open || lines.length === 0) throw new ReturnRefusedError();
  const { insertId } = await trx
    .insertInto('return_request')
    .values({ order_id: orderId, reason })
    .executeTakeFirstOrThrow();
  for (const { orderLineId, quantity } of lines) {
    const { numAffectedRows } = await sql`
      INSERT INTO return_request_line (request_id, order_line_id, quantity)
      SELECT ${Number(insertId)}, id, ${quantity} FROM order_line
      WHERE id = ${orderLineId} AND order_id = ${orderId} AND shipped - returned >= ${quantity}`.execute(trx);
    if (numAffectedRows !== 1n) throw new ReturnRefusedError();
  }
  return Number(insertId);
}

/** As typed on the order's page; what is left empty stays with the customer. */
export function readReturn(req: Request, order: CustomerOrder) {
  const body = (req.body ?? {}) as Record<string, unknown>;
  const errors: Record<string, string> = {};
  const lines: ReturnedLine[] = [];
  for (const { line, left } of returnableOf(order)) {
    const name = lineName(line.id);
    const typed = typeof body[name] === 'string' ? body[name].trim() : '';
    if (typed === '') continue;
    const read = quantity.safeParse(readTypedNumber(typed, decimalMarkOf(req.t)));
    if (!read.success || hasMoreDecimals(read.data, line.unit.decimals))
      errors[name] = req.t('shopCart.errors.quantity');
    else if (read.data > left)
      errors[name] = req.t('shopOrder.errors.tooMany', { left: typedNumber(left, req.t) });
    else if (read.data > 0) lines.push({ orderLineId: line.id, quantity: read.data });
  }
  const reason = reasonField.safeParse(body.reason);
  if (!reason.success) errors.reason = req.t('shopAccount.errors.tooLong');
  else if (reason.data === '') errors.reason = req.t('shopOrder.errors.reason');
  if (Object.keys(errors).length === 0 && lines.length === 0) errors.lines = req.t('shopOrder.errors.lines');
  return { lines, errors, reason: reason.data ?? '' };
}

/** What was shipped and has not come back, unless a request is waiting for its answer. */
export function returnableOf({ lines, returnRequest }: CustomerOrder): { line: OrderLine; left: number }[] {
  if (returnRequest && ['asked', 'accepted'].includes(returnRequest.state)) return [];
  return lines
    .map((line) => ({ line, left: subtract(line.shipped, line.returned) }))
    .filter(({ left }) => left > 0);
}

export function lineName(id: number): string {
  return `line${id}`;
}
