import type { Kysely } from 'kysely';
import type { Catalogue, CustomerRow, Directory, SellerState } from '../database/tables.ts';
import { listDueLines, listPayouts, sumDue, type DueLine, type Payout } from './payout-queries.ts';
import { SellerNotFoundError } from './seller-errors.ts';
import { countToShip } from './seller-order-queries.ts';
import { getDefaultRate, selectSellers, type Seller } from './seller-queries.ts';

const SELLERS_PER_PAGE = 50;

export interface SellerPage {
  sellers: Seller[];
  next: number | undefined;
  /** By seller. */
  due: Map<number, number>;
  defaultRate: number;
}

/** The newest first. */
export async function listSellers(
  db: Kysely<Catalogue>,
  { state, before }: { state?: SellerState | undefined; before?: number | undefined },
): Promise<SellerPage> {
  const rows = await selectSellers(db)
    .$if(state !== undefined, (query) => query.where('state', '=', state!))
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .orderBy('id', 'desc')
    .limit(SELLERS_PER_PAGE + 1)
    .execute();
  const sellers = rows.slice(0, SELLERS_PER_PAGE);
  const due = await sumDue(
    db,
    sellers.map(({ id }) => id),
  );
  const next = rows.length > SELLERS_PER_PAGE ? sellers.at(-1)!.id : undefined;
  return { sellers, next, due, defaultRate: await getDefaultRate(db) };
}

export interface SellerRecord {
  seller: Seller;
  due: DueLine[];
  payouts: Payout[];
  toShip: number;
}

/** @throws SellerNotFoundError */
export async function getSellerRecord(db: Kysely<Catalogue>, id: number): Promise<SellerRecord> {
  const seller = await selectSellers(db).where('id', '=', id).executeTakeFirst();
  if (!seller) throw new SellerNotFoundError();
  const [due, payouts, toShip] = await Promise.all([
    listDueLines(db, id),
    listPayouts(db, id),
    countToShip(db, id),
  ]);
  return { seller, due, payouts, toShip };
}

export type SellerAccount = Pick<CustomerRow, 'id' | 'name' | 'email' | 'language'>;

/** Those that are not deleted. */
export async function listAccounts(
  db: Kysely<Directory>,
  customers: number[],
): Promise<Map<number, SellerAccount>> {
  if (customers.length === 0) return new Map();
  const rows = await db
    .selectFrom('customer')
    .select(['id', 'name', 'email', 'language'])
    .where('id', 'in', customers)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}
