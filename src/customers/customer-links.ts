import { sql, type Kysely, type Transaction } from 'kysely';
import { z } from 'zod';
import type { Directory, TokenKind } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { inSeconds, NOW } from '../jobs/lease.ts';
import { enqueue, type OutboxKind } from '../jobs/outbox.ts';
import type { Language } from '../locales/languages.ts';

export const LINK_HOURS: Record<TokenKind, number> = { register: 24, reset: 1, email: 24 };

const askedLink = z.object({ id: z.string() });

/** Answered afterwards, so that the answer to the form takes as long with an account as without (customer-jobs.ts). */
export const LINK_ASKED: OutboxKind<z.output<typeof askedLink>> = {
  name: 'customer-link',
  payload: askedLink,
};

export interface AskedLink {
  /** 16 bytes, the same for a repeated request. */
  id: Buffer;
  kind: TokenKind;
  email: string;
  language: Language;
  customerId?: number;
  details?: object;
}

export class LinkEndedError extends DomainError {
  constructor() {
    super({ code: 'link_ended', status: 410, textKey: 'shopAccount.errors.linkEnded' });
  }
}

export async function askForLink(
  trx: Transaction<Directory>,
  { id, kind, email, language, customerId, details }: AskedLink,
): Promise<void> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('customer_token')
    .ignore()
    .values({
      ...{ id, kind, email, language },
      customer_id: customerId ?? null,
      details: details ? JSON.stringify(details) : null,
      expires_at: inSeconds(LINK_HOURS[kind] * 3600),
    })
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows !== 0n) await enqueue(trx, LINK_ASKED, { id: id.toString('hex') });
}

/** @throws LinkEndedError */
export async function getLink(db: Kysely<Directory>, id: Buffer | undefined, kind: TokenKind) {
  const link = id && (await selectOpen(db, id, kind).executeTakeFirst());
  if (!link) throw new LinkEndedError();
  return link;
}

/** Of two at once, the second is refused. @throws LinkEndedError */
export async function takeLink(trx: Transaction<Directory>, id: Buffer, kind: TokenKind) {
  const link = await selectOpen(trx, id, kind).forUpdate().executeTakeFirst();
  if (!link) throw new LinkEndedError();
  await trx
    .updateTable('customer_token')
    .set({ state: 'used', details: null })
    .where('id', '=', id)
    .execute();
  return link;
}

export async function endLinks(
  trx: Transaction<Directory>,
  of: { customerId: number } | { email: string; kind: TokenKind },
): Promise<void> {
  await trx
    .updateTable('customer_token')
    .set({ state: 'refused', details: null })
    .where('state', 'in', ['asked', 'open'])
    .$if('email' in of, (query) => {
      const { email, kind } = of as { email: string; kind: TokenKind };
      return query.where('email', '=', email).where('kind', '=', kind);
    })
    .$if('customerId' in of, (query) =>
      query.where('customer_id', '=', (of as { customerId: number }).customerId),
    )
    .execute();
}

function selectOpen(db: Kysely<Directory>, id: Buffer, kind: TokenKind) {
  return db
    .selectFrom('customer_token')
    .select(['id', 'email', 'language', 'details', 'customer_id as customerId'])
    .where('id', '=', id)
    .where('kind', '=', kind)
    .where('state', '=', 'open')
    .where('expires_at', '>', NOW);
}

/** An hour later than they end, as e-mails to an address are counted by them. */
export function deleteOldLinks(db: Kysely<Directory>) {
  return sql`DELETE FROM customer_token WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL 1 HOUR LIMIT 1000`.execute(
    db,
  );
}
