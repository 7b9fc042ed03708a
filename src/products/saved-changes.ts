import type { Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { listStockMovements } from '../stock/movement-history.ts';
import { findLastPriceChange, PRICED } from '../stock/price-history.ts';
import type { FieldKey, ProductInput } from './product-fields.ts';

const MAX_EDITS = 50;

export interface SavedChange {
  field: FieldKey;
  /** Null if the form did not say what it was opened with; '' for an amount that was not known. */
  from: string | number | null;
  to: string | number;
  by: Saver | null;
}

export interface Saver {
  userId: number | null;
  at: Date;
}

export async function describeChanges(
  db: Kysely<Catalogue>,
  current: ProductInput & { id: number },
  fields: FieldKey[],
  opened: Partial<ProductInput>,
): Promise<SavedChange[]> {
  if (fields.length === 0) return [];
  const savers = await findSavers(db, current, fields);
  return fields.map((field) => ({
    field,
    from: field in opened ? (opened[field] ?? '') : null,
    to: current[field] ?? '',
    by: savers.get(field) ?? null,
  }));
}

/** Who gave each field its current value. An import tells that of quantities, prices and costs only. */
async function findSavers(
  db: Kysely<Catalogue>,
  current: ProductInput & { id: number },
  fields: FieldKey[],
): Promise<Map<FieldKey, Saver>> {
  const savers = new Map<FieldKey, Saver>();
  if (fields.includes('quantity')) {
    const [movement] = await listStockMovements(db, current.id, { limit: 1 });
    if (movement) savers.set('quantity', saverOf(movement));
  }
  for (const what of PRICED.filter((one) => fields.includes(one))) {
    const change = await findLastPriceChange(db, current.id, what);
    if (change) savers.set(what, saverOf(change));
  }
  const others = fields.filter((field) => field !== 'quantity' && !PRICED.some((what) => what === field));
  if (others.length === 0) return savers;
  const edits = await db
    .selectFrom('product_event')
    .where('target_id', '=', current.id)
    .where('action', '=', 'product.edited')
    .select(['actor_kind as actorKind', 'actor_id as actorId', 'details', 'created_at as createdAt'])
    .orderBy('id', 'desc')
    .limit(MAX_EDITS)
    .execute();
  for (const field of others) {
    const changeIn = ({ details }: (typeof edits)[number]) =>
      (details?.changes as Partial<Record<FieldKey, [unknown, unknown]>> | undefined)?.[field];
    const last = edits.find(changeIn);
    // An import may have changed it since.
    if (last && changeIn(last)?.[1] === current[field]) savers.set(field, saverOf(last));
  }
  return savers;
}

function saverOf(cause: { actorKind: string; actorId: number | null; createdAt: Date }): Saver {
  return { userId: cause.actorKind === 'user' ? cause.actorId : null, at: cause.createdAt };
}
