import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import {
  MOVEMENT_COLUMNS,
  movementActorId,
  shownReason,
  type StockMovement,
} from '../stock/movement-history.ts';
import { EXTERNAL_DOCUMENT } from '../stock/stock-movements.ts';
import { isPurpose, type MovementDocumentFilter, type MovementFilter } from './movement-filter.ts';

/** By how much the clocks of a row's number and its time may differ: a long import, another primary. */
const SLACK_MINUTES = 15;

export interface ListedMovement extends StockMovement {
  productId: number;
  /** Null for a product that is deleted for good. */
  code: string | null;
  name: string | null;
  unit: string | null;
  isDeleted: boolean;
}

/** Exclusive. */
export interface IdRange {
  after?: number | undefined;
  before?: number | undefined;
}

export interface MovementWindow extends IdRange {
  /** Reads the oldest first. */
  isBackwards?: boolean;
  limit: number;
}

/**
 * Movements in the order of their numbers, newest first. A filter has an index in that order, which MySQL's estimates
 * would not choose reliably.
 */
export async function listMovements(
  db: Kysely<Catalogue>,
  filter: MovementFilter,
  { isBackwards = false, limit, ...range }: MovementWindow,
): Promise<ListedMovement[]> {
  const rows = await selectMovements(db, filter, [range, await findIdRange(db, filter)])
    .modifyFront(sql`/*+ ${indexHint(filter)} */`)
    .orderBy('stock_movement.id', isBackwards ? 'asc' : 'desc')
    .limit(limit)
    .execute();
  return rows.map(toListed);
}

export async function* streamMovements(
  db: Kysely<Catalogue>,
  filter: MovementFilter,
): AsyncGenerator<ListedMovement> {
  const rows = selectMovements(db, filter, [await findIdRange(db, filter)])
    // A slow reader must not hit the time limit.
    .modifyFront(sql`/*+ MAX_EXECUTION_TIME(3600000) ${indexHint(filter)} */`)
    .orderBy('stock_movement.id', 'desc')
    .stream();
  for await (const row of rows) yield toListed(row);
}

function selectMovements(db: Kysely<Catalogue>, filter: MovementFilter, ranges: IdRange[]) {
  return db
    .selectFrom('stock_movement')
    .leftJoin('product', 'product.id', 'stock_movement.product_id')
    .leftJoin('deleted_product', 'deleted_product.id', 'stock_movement.product_id')
    .select([...MOVEMENT_COLUMNS, shownReason.as('reason'), movementActorId.as('actorId')])
    .select([
      'stock_movement.product_id as productId',
      sql<string | null>`COALESCE(product.code, deleted_product.code)`.as('code'),
      sql<string | null>`COALESCE(product.name, deleted_product.name)`.as('name'),
      sql<string | null>`COALESCE(product.unit, deleted_product.unit)`.as('unit'),
      sql<0 | 1>`product.id IS NULL`.as('isDeleted'),
    ])
    .where((eb) => eb.and([...conditionsOf(filter), ...ranges.flatMap(withinRange)]));
}

function indexHint({ document, product, user, reason }: MovementFilter): RawBuilder<unknown> {
  const index = document
    ? 'document'
    : product
      ? 'product_id'
      : user
        ? 'person'
        : reason
          ? 'reason'
          : 'PRIMARY';
  return sql`INDEX(stock_movement ${sql.ref(index)})`;
}

function conditionsOf({
  document,
  product,
  user,
  reason,
  from,
  until,
}: MovementFilter): RawBuilder<SqlBool>[] {
  const conditions: RawBuilder<SqlBool>[] = [];
  if (document) conditions.push(isOfDocument(document));
  if (product !== undefined) conditions.push(sql`stock_movement.product_id = ${product}`);
  if (user !== undefined) conditions.push(sql`stock_movement.user_id = ${user}`);
  if (reason !== undefined) {
    conditions.push(
      isPurpose(reason)
        ? sql`stock_movement.reason = 'adjustment' AND stock_movement.purpose = ${reason}`
        : sql`stock_movement.reason = ${reason} AND stock_movement.purpose IS NULL`,
    );
  }
  if (from) conditions.push(sql`stock_movement.created_at >= ${from}`);
  if (until) conditions.push(sql`stock_movement.created_at < ${until}`);
  return conditions;
}

function isOfDocument(document: MovementDocumentFilter): RawBuilder<SqlBool> {
  return document.kind === 'import'
    ? sql`stock_movement.document_kind = 'import' AND stock_movement.document_id = ${document.id}`
    : sql`stock_movement.document_kind = ${EXTERNAL_DOCUMENT} AND stock_movement.document_id IS NULL
        AND stock_movement.document_number = ${document.number}`;
}

function withinRange({ after, before }: IdRange): RawBuilder<SqlBool>[] {
  const bounds: RawBuilder<SqlBool>[] = [];
  if (after !== undefined) bounds.push(sql`stock_movement.id > ${after}`);
  if (before !== undefined) bounds.push(sql`stock_movement.id < ${before}`);
  return bounds;
}

/** The numbers between which the days are: so every filter needs an index in the order of numbers only. */
async function findIdRange(db: Kysely<Catalogue>, { from, until }: MovementFilter): Promise<IdRange> {
  const [after, before] = await Promise.all([
    from && findNearest(db, sql`created_at < ${from} - INTERVAL ${sql.lit(SLACK_MINUTES)} MINUTE`, 'DESC'),
    until && findNearest(db, sql`created_at >= ${until} + INTERVAL ${sql.lit(SLACK_MINUTES)} MINUTE`, 'ASC'),
  ]);
  return { after, before };
}

async function findNearest(
  db: Kysely<Catalogue>,
  condition: RawBuilder<SqlBool>,
  order: 'ASC' | 'DESC',
): Promise<number | undefined> {
  const { rows } = await sql<{ id: number }>`
    SELECT /*+ INDEX(stock_movement created_at) */ id FROM stock_movement WHERE ${condition}
    ORDER BY created_at ${sql.raw(order)} LIMIT 1`.execute(db);
  return rows[0]?.id;
}

function toListed(row: Omit<ListedMovement, 'isDeleted'> & { isDeleted: 0 | 1 }): ListedMovement {
  return { ...row, isDeleted: row.isDeleted === 1 };
}
