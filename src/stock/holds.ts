import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { add } from './quantities.ts';
import { recordStockMovement, type MovementActor, type MovementDocument } from './stock-movements.ts';

export interface StockLine {
  productId: number;
  /** In the product's unit, above zero. */
  quantity: number;
}

export interface HoldLine extends StockLine {
  /** As the buyer has seen it, in minor units. Undefined: agreed before, whatever it is by now. */
  price?: number | undefined;
}

export interface RefusedLine extends StockLine {
  /** What could be had. */
  available: number;
  /** Null: it is not on sale any more. */
  price: number | null;
  seenPrice: number | null;
}

/** Nothing is held. `details.lines` has every line that could not be, with what there is of it now. */
export class OutOfStockError extends DomainError {
  constructor(lines: RefusedLine[]) {
    super({ code: 'out_of_stock', status: 409, textKey: 'orders.errors.outOfStock', details: { lines } });
  }
}

export interface HoldCause {
  actor: MovementActor;
  document: MovementDocument;
}

/** Last in the transaction, as buyers wait for each other here. @throws OutOfStockError, then roll back */
export async function hold(trx: Transaction<Catalogue>, lines: HoldLine[]): Promise<void> {
  const refused: RefusedLine[] = [];
  for (const line of byProduct(lines)) {
    if (!(await isHeld(trx, line))) refused.push(await explain(trx, line));
  }
  if (refused.length > 0) throw new OutOfStockError(refused);
}

async function isHeld(
  trx: Transaction<Catalogue>,
  { productId, quantity, price }: HoldLine,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('product')
    .set(holding(sql`exact_reserved + ${quantity}`))
    .where('id', '=', productId)
    .where(sql<boolean>`on_hand - exact_reserved >= ${quantity}`)
    .$if(price !== undefined, (query) => query.where('on_sale', '=', 1).where('price', '=', price!))
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

async function explain(
  trx: Transaction<Catalogue>,
  { productId, quantity, price: seenPrice }: HoldLine,
): Promise<RefusedLine> {
  const product = await trx
    .selectFrom('product')
    .select(['price', 'on_sale as isOnSale'])
    .select(sql<number>`GREATEST(on_hand - exact_reserved, 0)`.as('available'))
    .where('id', '=', productId)
    .executeTakeFirst();
  const price = product?.isOnSale === 1 ? product.price : null;
  return { productId, quantity, available: product?.available ?? 0, price, seenPrice: seenPrice ?? null };
}

export async function release(trx: Transaction<Catalogue>, lines: StockLine[]): Promise<void> {
  for (const { productId, quantity } of byProduct(lines)) {
    const { numUpdatedRows } = await trx
      .updateTable('product')
      .set(holding(sql`exact_reserved - ${quantity}`))
      .where('id', '=', productId)
      .where('exact_reserved', '>=', quantity)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) throw new Error(`Product ${productId} does not hold ${quantity}`);
  }
}

/** MySQL assigns from left to right, so `reserved` follows. Neither raises the version: no edit or count gets stale. */
function holding(exact: RawBuilder<number>) {
  return { exact_reserved: exact, reserved: sql<number>`CEILING(exact_reserved)` };
}

/** Takes what is held off the stock. @throws InsufficientStockError if a count has found less */
export async function ship(
  trx: Transaction<Catalogue>,
  lines: StockLine[],
  { actor, document }: HoldCause,
): Promise<void> {
  const details = { purpose: 'sale', documentNumber: '', note: '' } as const;
  for (const { productId, quantity } of byProduct(lines)) {
    const cause = { reason: 'adjustment', actor, document, details } as const;
    await recordStockMovement(trx, { ...cause, productId, delta: -quantity, isHeld: true });
  }
}

/** What customers have sent back. @throws InsufficientStockError if a product is deleted by now */
export async function returnToStock(
  trx: Transaction<Catalogue>,
  lines: StockLine[],
  { actor, document }: HoldCause,
): Promise<void> {
  const details = { purpose: 'return', documentNumber: '', note: '' } as const;
  for (const { productId, quantity } of byProduct(lines)) {
    const cause = { reason: 'adjustment', actor, document, details } as const;
    await recordStockMovement(trx, { ...cause, productId, delta: quantity });
  }
}

/** One line for each product and price, in the order in which all lock products. */
function byProduct<Line extends HoldLine>(lines: Line[]): Line[] {
  const sums = new Map<string, Line>();
  for (const line of lines) {
    const key = `${line.productId} ${line.price ?? ''}`;
    const sum = sums.get(key);
    sums.set(key, { ...line, quantity: add(line.quantity, sum?.quantity ?? 0) });
  }
  return [...sums.values()].sort((one, other) => one.productId - other.productId);
}
