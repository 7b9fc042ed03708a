import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import type { Directory, MailState } from '../database/tables.ts';
import { NOW } from '../jobs/lease.ts';
import type { QueuedMail } from './mail.ts';

export const KEPT_DAYS = 30;
export const PER_PAGE = 50;

export type StoredMail = Selectable<Directory['mail']>;

/** @returns the e-mail of the event: that of an earlier entry, if there was one */
export async function storeMail(
  trx: Transaction<Directory>,
  id: string,
  { eventKey, to, data, ...mail }: QueuedMail,
): Promise<Pick<StoredMail, 'id' | 'state'>> {
  await trx
    .insertInto('mail')
    .ignore()
    .values({ id, event_key: eventKey, recipient: to, data: JSON.stringify(data ?? null), ...mail })
    .execute();
  return trx
    .selectFrom('mail')
    .select(['id', 'state'])
    .where('event_key', '=', eventKey)
    .executeTakeFirstOrThrow();
}

export async function finishMail(
  trx: Transaction<Directory>,
  id: string,
  state: Exclude<MailState, 'waiting'>,
): Promise<void> {
  await trx
    .updateTable('mail')
    .set({ state, ...(state === 'sent' && { sent_at: NOW }) })
    .where('id', '=', id)
    .execute();
}

/** Newest first. @param before the last e-mail of the page before */
export async function listMails(db: Kysely<Directory>, before: string | undefined): Promise<StoredMail[]> {
  return db
    .selectFrom('mail')
    .selectAll()
    .$if(before !== undefined, (query) =>
      query.where(
        sql<boolean>`(created_at, id) < (SELECT last.created_at, last.id FROM mail AS last WHERE last.id = ${before})`,
      ),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(PER_PAGE + 1)
    .execute();
}

export async function findMail(db: Kysely<Directory>, id: string): Promise<StoredMail | undefined> {
  return db.selectFrom('mail').selectAll().where('id', '=', id).executeTakeFirst();
}

/** For a person whose data are deleted. */
export async function deleteMailsTo(trx: Transaction<Directory>, address: string): Promise<void> {
  await trx.deleteFrom('mail').where('recipient', '=', address).execute();
}

export function deleteOldMails(db: Kysely<Directory>) {
  return sql`
    DELETE FROM mail WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL ${sql.lit(KEPT_DAYS)} DAY LIMIT 1000`.execute(
    db,
  );
}
