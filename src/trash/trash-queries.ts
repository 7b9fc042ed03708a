import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { escapeLike } from '../search/search-terms.ts';

/** A search takes that many products by their codes, and as many by their names. */
export const MAX_MATCHES = 1000;

export interface TrashPosition {
  deletedAt: Date;
  id: number;
}

export interface TrashFilter {
  /** The beginning of a code or a name. */
  search: string;
  before?: TrashPosition | undefined;
  limit: number;
}

/** Newest first. */
export function selectTrash(db: Kysely<Catalogue>, { search, before, limit }: TrashFilter) {
  const order = search ? sql`/*+ JOIN_ORDER(found, deleted) */` : sql`/*+ INDEX(deleted deleted_at) */`;
  return db
    .selectFrom('deleted_product as deleted')
    .modifyFront(order)
    .select(['deleted.id', 'deleted.code', 'deleted.name', 'deleted.on_hand as quantity', 'deleted.unit'])
    .select(['deleted.deleted_at as deletedAt', 'deleted.deleted_by as deletedBy'])
    .$if(search !== '', (query) =>
      query.innerJoin(matches(search).as('found'), (join) => join.onRef('found.id', '=', 'deleted.id')),
    )
    .$if(before !== undefined, (query) => query.where(isOlder(before!)))
    .orderBy('deleted.deleted_at', 'desc')
    .orderBy('deleted.id', 'desc')
    .limit(limit);
}

function isOlder({ deletedAt, id }: TrashPosition): RawBuilder<boolean> {
  return sql<boolean>`
    (deleted.deleted_at < ${deletedAt} OR (deleted.deleted_at = ${deletedAt} AND deleted.id < ${id}))`;
}

function matches(search: string): RawBuilder<{ id: number }> {
  const beginning = `${escapeLike(search)}%`;
  const some = (column: 'code' | 'name') => {
    const name = sql.ref(column);
    return sql`
      (SELECT id FROM deleted_product FORCE INDEX (${name}) WHERE ${name} LIKE ${beginning}
       ORDER BY ${name} LIMIT ${sql.lit(MAX_MATCHES)})`;
  };
  return sql<{ id: number }>`(${some('code')} UNION ${some('name')})`;
}

/** Counts at least those that a list takes: not all if there are `MAX_MATCHES` or more. */
export async function countMatches(db: Kysely<Catalogue>, search: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT COUNT(*) AS count FROM ${matches(search)} AS found`.execute(db);
  return rows[0]!.count;
}

export interface TakenCode {
  name: string;
  code: string;
  /** The one that is taken, if it is not the code. */
  barcode?: string;
  holder: { id: number; name: string } | undefined;
}

export async function findTakenCode(db: Kysely<Catalogue>, id: number): Promise<TakenCode | undefined> {
  const row = await db
    .selectFrom('deleted_product as deleted')
    .leftJoin('product', 'product.code', 'deleted.code')
    .select(['deleted.name', 'deleted.code', 'product.id as holderId', 'product.name as holderName'])
    .where('deleted.id', '=', id)
    .executeTakeFirst();
  if (!row) return undefined;
  const { holderId, holderName, ...deleted } = row;
  return { ...deleted, holder: holderId === null ? undefined : { id: holderId, name: holderName! } };
}
