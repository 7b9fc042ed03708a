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

export interface ListedMovement extends StockMovement {
  productId: number;
  /** Null for a product that is deleted for good. */
  code: string | null;
  name: string | null;
  unit: string | null;
  isDeleted: boolean;
}

export interface PagePosition {
  after?: number | undefined;
  before?: number | undefined;
}

/** Newest first; oldest first with `after`. Hints choose the index, as MySQL's estimates are not reliable. */
export async function listMovements(
  db: Kysely<Catalogue>,
  filter: MovementFilter,
  { after, before, limit }: PagePosition & { limit: number },
): Promise<ListedMovement[]> {
  const next = after ?? before;
  const from = next === undefined ? undefined : await findPosition(db, next);
  const direction = after === undefined ? 'desc' : 'asc';
  const rows = await selectMovements(db, filter)
    .modifyFront(sql`/*+ ${indexHint(filter)} */`)
    .$if(from !== undefined, (query) => query.where(isPast(from!, direction)))
    .orderBy('stock_movement.created_at', direction)
    .orderBy('stock_movement.id', direction)
    .limit(limit)
    .execute();
  return rows.map(toListed);
}

export async function* streamMovements(
  db: Kysely<Catalogue>,
  filter: MovementFilter,
): AsyncGenerator<ListedMovement> {
  const rows = selectMovements(db, filter)
    // A slow reader must not hit the time limit.
    .modifyFront(sql`/*+ MAX_EXECUTION_TIME(3600000) ${indexHint(filter)} */`)
    .orderBy('stock_movement.created_at', 'desc')
    .orderBy('stock_movement.id', 'desc')
    .stream();
  for await (const row of rows) yield toListed(row);
}

async function findPosition(db: Kysely<Catalogue>, id: number) {
  return db
    .selectFrom('stock_movement')
    .select(['id', 'created_at as createdAt'])
    .where('id', '=', id)
    .executeTakeFirst();
}

function isPast({ id, createdAt }: { id: number; createdAt: Date }, direction: 'asc' | 'desc') {
  const past = direction === 'asc' ? sql`>` : sql`<`;
  return sql<SqlBool>`(stock_movement.created_at ${past} ${createdAt}
    OR (stock_movement.created_at = ${createdAt} AND stock_movement.id ${past} ${id}))`;
}

function selectMovements(db: Kysely<Catalogue>, filter: MovementFilter) {
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
    .where((eb) => eb.and(conditionsOf(filter)));
}

function indexHint(filter: MovementFilter): RawBuilder<unknown> {
  return sql`INDEX(stock_movement ${sql.ref(indexOf(filter))})`;
}

function indexOf({ document, product, user, reason }: MovementFilter): string {
  if (document) return 'document';
  if (product) return 'product';
  if (user) return reason ? 'person_reason' : 'person';
  return reason ? 'reason' : 'created_at';
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
    ? sql`stock_movement.document_kind = 'import' AND stock_movement.document_id = ${document.id}
        AND stock_movement.document_number IS NULL`
    : sql`stock_movement.document_kind = ${EXTERNAL_DOCUMENT} AND stock_movement.document_id IS NULL
        AND stock_movement.document_number = ${document.number}`;
}

function toListed(row: Omit<ListedMovement, 'isDeleted'> & { isDeleted: 0 | 1 }): ListedMovement {
  return { ...row, isDeleted: row.isDeleted === 1 };
}
