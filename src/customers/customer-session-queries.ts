import { sql, type Kysely, type Transaction } from 'kysely';
import type { Customer } from '../auth/principal.ts';
import type { CustomerRow, Directory } from '../database/tables.ts';
import { inSeconds, NOW } from '../jobs/lease.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
export const IDLE_DAYS = 14;
export const MAX_DAYS = 90;
/** Sessions are extended at most this often, so that most requests write nothing. */
const TOUCH_AFTER_SECONDS = HOUR;

const NONE: ReadonlySet<never> = new Set<never>();

export interface StoredSession {
  customer: Customer;
  isToBeExtended: boolean;
}

export async function findSession(db: Kysely<Directory>, id: Buffer): Promise<StoredSession | undefined> {
  const rows = await db
    .selectFrom('customer_session as session')
    .innerJoin('customer', 'customer.id', 'session.customer_id')
    .leftJoin('write_count', (join) =>
      join.on('actor_kind', '=', 'customer').onRef('actor_id', '=', 'customer.id'),
    )
    .select(['customer.id', 'name', 'email', 'database_group as group', 'writes'])
    .select(sql<0 | 1>`expires_at < ${inSeconds(IDLE_DAYS * DAY - TOUCH_AFTER_SECONDS)}`.as('isToBeExtended'))
    .where('session.id', '=', id)
    .where('expires_at', '>', NOW)
    .where('session.created_at', '>', inSeconds(-MAX_DAYS * DAY))
    .execute();
  const [row] = rows;
  if (!row) return undefined;
  const lastWrite = Object.fromEntries(
    rows.flatMap(({ group, writes }) => (group !== null && writes !== null ? [[group, writes]] : [])),
  );
  const { id: customerId, name, email, isToBeExtended } = row;
  return {
    customer: { kind: 'customer', id: customerId, permissions: NONE, lastWrite, session: id, name, email },
    isToBeExtended: isToBeExtended === 1,
  };
}

export function visitor(): Customer {
  const nobody = { session: undefined, name: '', email: '' };
  return { kind: 'customer', id: 0, permissions: NONE, lastWrite: {}, ...nobody };
}

/** @returns false if the password has changed, or the account was deleted, since the customer was read */
export async function insertSession(
  trx: Transaction<Directory>,
  id: Buffer,
  {
    customer,
    network,
    earlier,
  }: {
    customer: Pick<CustomerRow, 'id' | 'password_hash'>;
    network: string;
    earlier: Buffer | undefined;
  },
): Promise<boolean> {
  // A change of the password waits for this row, and then ends the session, or this waits for it.
  const same = await trx
    .selectFrom('customer')
    .select('id')
    .where('id', '=', customer.id)
    .where('password_hash', '=', customer.password_hash)
    .forUpdate()
    .executeTakeFirst();
  if (!same) return false;
  await trx.updateTable('customer').set({ last_network: network }).where('id', '=', customer.id).execute();
  if (earlier) await deleteSession(trx, earlier);
  await trx
    .insertInto('customer_session')
    .values({ id, customer_id: customer.id, expires_at: inSeconds(IDLE_DAYS * DAY) })
    .execute();
  return true;
}

export async function extendSession(trx: Transaction<Directory>, id: Buffer): Promise<void> {
  await trx
    .updateTable('customer_session')
    .set({ expires_at: inSeconds(IDLE_DAYS * DAY) })
    .where('id', '=', id)
    .execute();
}

export async function deleteSession(trx: Transaction<Directory>, id: Buffer): Promise<void> {
  await trx.deleteFrom('customer_session').where('id', '=', id).execute();
}

export function deleteEndedSessions(db: Kysely<Directory>) {
  return sql`DELETE FROM customer_session WHERE expires_at < UTC_TIMESTAMP(3) LIMIT 1000`.execute(db);
}
