import { sql, type Kysely, type Transaction } from 'kysely';
import { recordProductEvent } from '../audit/audit-trail.ts';
import type { Catalogue } from '../database/tables.ts';
import { STORED_COLUMNS } from '../products/product-queries.ts';
import { moveAllToDeleted } from '../stock/deleted-products.ts';

export interface DemoProduct {
  code: string;
  name: string;
}

/** Asked with each view of the page, so not about all. */
const SAMPLE = 40;

export async function hasDemonstration(db: Kysely<Catalogue>, all: DemoProduct[]): Promise<boolean> {
  const step = Math.max(1, Math.ceil(all.length / SAMPLE));
  const some = all.filter((_, index) => index % step === 0);
  return (await findDemonstration(db, some)).length > 0;
}

export async function findDemonstration(db: Kysely<Catalogue>, products: DemoProduct[]): Promise<number[]> {
  const rows = await selectByCode(db, products);
  return idsOf(rows, products);
}

/** @returns how many have moved to the trash */
export async function removeDemonstration(
  trx: Transaction<Catalogue>,
  products: DemoProduct[],
  actor: { kind: 'user'; id: number },
): Promise<number> {
  const ids = idsOf(await selectByCode(trx, products, { isLocking: true }), products);
  if (ids.length === 0) return 0;
  await moveAllToDeleted(trx, { ids, userId: actor.id }, STORED_COLUMNS);
  await recordProductEvent(trx, {
    action: 'product.demoRemoved',
    actor,
    details: { products: ids.length },
  });
  return ids.length;
}

async function selectByCode(db: Kysely<Catalogue>, products: DemoProduct[], { isLocking = false } = {}) {
  if (products.length === 0) return [];
  return (
    db
      .selectFrom('product')
      .modifyFront(sql`/*+ INDEX(product code) */`)
      .select(['id', 'code', 'name'])
      .where(
        'code',
        'in',
        products.map(({ code }) => code),
      )
      // What orders hold is no demonstration any more.
      .where('exact_reserved', '=', 0)
      .$if(isLocking, (query) => query.forUpdate())
      .execute()
  );
}

function idsOf(rows: (DemoProduct & { id: number })[], products: DemoProduct[]): number[] {
  const names = new Map(products.map(({ code, name }) => [code, name]));
  return rows.filter(({ code, name }) => names.get(code) === name).map(({ id }) => id);
}
