import { sql, type Kysely, type Transaction } from 'kysely';
import type { ActorKind, Catalogue, PriceKind } from '../database/tables.ts';
import type { MovementActor } from './stock-movements.ts';

/** What has a history, by the columns of `product`. */
export const PRICED = ['price', 'cost'] as const satisfies PriceKind[];

/** In minor units; null: not known. */
export type Prices = Partial<Record<PriceKind, number | null | undefined>>;

export interface PriceChange {
  id: number;
  what: PriceKind;
  oldAmount: number | null;
  newAmount: number | null;
  documentKind: string | null;
  documentId: number | null;
  actorKind: ActorKind;
  actorId: number | null;
  createdAt: Date;
}

/** Call it in the transaction of the change. An amount that is absent in `after` stays as it is. */
export async function recordPriceChanges(
  trx: Transaction<Catalogue>,
  productId: number,
  { before, after, actor }: { before: Prices; after: Prices; actor: MovementActor },
): Promise<void> {
  const rows = PRICED.flatMap((what) => {
    const [old_amount, new_amount] = [before[what] ?? null, after[what]];
    if (new_amount === undefined || new_amount === old_amount) return [];
    return {
      ...{ product_id: productId, what, old_amount, new_amount },
      ...{ actor_kind: actor.kind, actor_id: actor.id },
    };
  });
  if (rows.length > 0) await trx.insertInto('price_history').values(rows).execute();
}

function selectChanges(db: Kysely<Catalogue>, productId: number) {
  return db
    .selectFrom('price_history')
    .where('product_id', '=', productId)
    .select(['id', 'what', 'old_amount as oldAmount', 'new_amount as newAmount'])
    .select(['document_kind as documentKind', 'document_id as documentId'])
    .select(['actor_kind as actorKind', 'actor_id as actorId', 'created_at as createdAt'])
    .orderBy('id', 'desc');
}

/** @param kinds without `cost` for people who may not see it */
export async function listPriceChanges(
  db: Kysely<Catalogue>,
  productId: number,
  { kinds, limit, before }: { kinds: PriceKind[]; limit: number; before?: number | undefined },
): Promise<PriceChange[]> {
  return selectChanges(db, productId)
    .where('what', 'in', kinds)
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .limit(limit)
    .execute();
}

export async function findLastPriceChange(
  db: Kysely<Catalogue>,
  productId: number,
  what: PriceKind,
): Promise<PriceChange | undefined> {
  return selectChanges(db, productId).where('what', '=', what).limit(1).executeTakeFirst();
}

/** Of the imports' SQL: the columns that `priceCause` fills. */
export const PRICE_COLUMNS = sql.raw(
  'product_id, what, old_amount, new_amount, actor_kind, actor_id, document_kind, document_id',
);
