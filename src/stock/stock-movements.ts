import { sql, type RawBuilder, type Transaction, type Updateable } from 'kysely';
import type { ActorKind, Catalogue, MovementReason } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { MovementPurpose } from './movement-purposes.ts';
import { recordPriceChanges, type Prices } from './price-history.ts';
import { MAX_QUANTITY, movementColumns, quantityColumns } from './quantities.ts';

/** The kind of a document that Inventario does not have, only its number. */
export const EXTERNAL_DOCUMENT = 'external';

export class InsufficientStockError extends DomainError {
  constructor(delta: number) {
    const textKey = delta < 0 ? 'product.errors.insufficient' : 'product.errors.tooMany';
    super({ code: 'insufficient_stock', status: 422, textKey, details: { delta } });
  }
}

export interface MovementActor {
  kind: ActorKind;
  /** Unique within `kind`; null for the system itself. */
  id: number | null;
}

export interface MovementDocument {
  kind: string;
  id: number;
  /** As people know it. */
  number?: string;
}

/** What a person says about a receipt or an issue of stock. */
export interface MovementDetails {
  purpose: MovementPurpose;
  /** Of a document outside of Inventario, such as an invoice; empty for none, as `note`. */
  documentNumber: string;
  note: string;
}

export interface MovementCause {
  reason: MovementReason;
  actor: MovementActor;
  document?: MovementDocument | undefined;
  details?: MovementDetails | undefined;
}

export interface NewMovement extends MovementCause {
  productId: number;
  /** Signed and never zero, in the product's unit. */
  delta: number;
  /** What goes out has been held for an order, which is over with it. */
  isHeld?: boolean;
}

/** @throws InsufficientStockError also when there is no such product */
export async function recordStockMovement(trx: Transaction<Catalogue>, movement: NewMovement): Promise<void> {
  const { productId, delta, isHeld = false } = movement;
  const { numUpdatedRows } = await trx
    .updateTable('product')
    .set({
      // Either right side is computed before `rounded_up` changes.
      quantity: sql`quantity - FLOOR(rounded_up - ${delta})`,
      rounded_up: sql`rounded_up - ${delta} - FLOOR(rounded_up - ${delta})`,
      ...(isHeld && {
        exact_reserved: sql`exact_reserved + ${delta}`,
        reserved: sql`CEILING(exact_reserved)`,
      }),
      version: sql`version + 1`,
      updated_at: sql`CURRENT_TIMESTAMP(3)`,
    })
    .where('id', '=', productId)
    .where(sql<boolean>`on_hand + ${delta} BETWEEN 0 AND ${MAX_QUANTITY}`)
    .$if(isHeld, (query) => query.where('exact_reserved', '>=', -delta))
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new InsufficientStockError(delta);
  // The UPDATE has locked the row, so this is the quantity after this movement.
  const left = columnsAfter(movement);
  await writeLedgerRow(trx, movement, left);
}

function columnsAfter({ productId, delta }: NewMovement): MovementColumns {
  const read = (value: RawBuilder<unknown>) =>
    sql<number>`(SELECT ${value} FROM product WHERE id = ${productId})`;
  const before = sql`CEILING(on_hand - ${delta})`;
  return {
    delta: read(sql`quantity - ${before}`),
    delta_rounded: read(sql`quantity - ${before} - ${delta}`),
    quantity_after: read(sql`quantity`),
    after_rounded: read(sql`rounded_up`),
  };
}

export interface LockedProduct {
  id: number;
  quantity: number;
  price: number | null;
  cost: number | null;
  version: number;
}

export interface ProductChange {
  quantity: number;
  columns?: Omit<
    Updateable<Catalogue['product']>,
    'id' | 'quantity' | 'rounded_up' | 'reserved' | 'exact_reserved' | 'version' | 'updated_at'
  >;
  savedAt: Date;
}

export async function saveQuantity(
  trx: Transaction<Catalogue>,
  before: LockedProduct,
  { quantity, columns, savedAt }: ProductChange,
  cause: MovementCause,
): Promise<void> {
  const { id, version } = before;
  const { numUpdatedRows } = await trx
    .updateTable('product')
    .set({ ...columns, ...quantityColumns(quantity), version: version + 1, updated_at: savedAt })
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new Error(`Product ${id} was not locked at version ${version}`);
  if (quantity !== before.quantity) {
    await writeLedgerRow(trx, { ...cause, productId: id }, movementColumns(before.quantity, quantity));
  }
  await recordPriceChanges(trx, id, { before, after: pricesIn(columns), actor: cause.actor });
}

/** Only numbers and null: these columns are never set to an expression. */
function pricesIn(columns: ProductChange['columns'] = {}): Prices {
  return { price: columns.price, cost: columns.cost };
}

type MovementColumns = {
  [Column in keyof ReturnType<typeof movementColumns>]: number | RawBuilder<number>;
};

/** @param columns from a row that this transaction has locked */
export async function writeLedgerRow(
  trx: Transaction<Catalogue>,
  { productId, reason, actor, document, details }: Omit<NewMovement, 'delta'>,
  columns: MovementColumns,
): Promise<void> {
  await trx
    .insertInto('stock_movement')
    .values({
      ...{ product_id: productId, ...columns, reason, ...actorColumns(actor) },
      ...(document && {
        ...{ document_kind: document.kind, document_id: document.id },
        document_number: document.number ?? null,
      }),
      ...(details && detailColumns(details)),
    })
    .execute();
}

function detailColumns({ purpose, documentNumber, note }: MovementDetails) {
  return {
    purpose,
    ...(documentNumber && { document_kind: EXTERNAL_DOCUMENT, document_number: documentNumber }),
    note: note || null,
  };
}

/** `user_id` is for instances of the previous version, which run during an upgrade. */
export function actorColumns({ kind, id }: MovementActor) {
  return { actor_kind: kind, actor_id: id, user_id: kind === 'user' ? id : null };
}
