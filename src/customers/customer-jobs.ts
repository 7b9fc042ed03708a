import { sql, type Transaction } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { CustomerRow, Directory, TokenKind } from '../database/tables.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Language } from '../locales/languages.ts';
import { queueMail, type MailTemplate } from '../mail/mail.ts';
import { deleteOldLinks, LINK_ASKED } from './customer-links.ts';
import { ACCOUNT_EXISTS, CONFIRM_ADDRESS, CONFIRM_NEW_ADDRESS, RESET_PASSWORD } from './customer-mails.ts';
import { CUSTOMER_DELETED, findCustomerByEmail } from './customer-queries.ts';
import { deleteEndedSessions } from './customer-session-queries.ts';

/** Of a kind to an address, so that nobody's mailbox can be filled. */
const PER_HOUR = 5;

const WITHOUT_ACCOUNT = { register: CONFIRM_ADDRESS, email: CONFIRM_NEW_ADDRESS };

/** @param forget what other folders do when a customer has deleted their account; it may be called again */
export function customerJobs(
  jobs: Jobs,
  { directory }: Databases,
  forget: ((customerId: number) => Promise<void>)[],
): void {
  jobs.handle(LINK_ASKED, async ({ id }) => {
    await directory.transact((trx) => answer(trx, Buffer.from(id, 'hex')));
    jobs.wakeOutbox();
  });
  jobs.handle(CUSTOMER_DELETED, async ({ customer }) => {
    for (const one of forget) await one(customer);
  });
  jobs.cleanUp('customer links', directory, deleteOldLinks);
  jobs.cleanUp('customer sessions', directory, deleteEndedSessions);
}

interface Asked {
  id: Buffer;
  kind: TokenKind;
  email: string;
  language: Language;
  createdAt: Date;
}

/** The e-mail tells what the page must not: whether the address has an account. */
async function answer(trx: Transaction<Directory>, id: Buffer): Promise<void> {
  const asked = await trx
    .selectFrom('customer_token')
    .select(['id', 'kind', 'email', 'language', 'created_at as createdAt'])
    .where('id', '=', id)
    .where('state', '=', 'asked')
    .forUpdate()
    .executeTakeFirst();
  if (!asked) return;
  const customer = await findCustomerByEmail(trx, asked.email);
  const isTooOften = (await countLinks(trx, asked)) > PER_HOUR;
  const link = isTooOften ? undefined : linkFor(asked.kind, customer);
  await trx
    .updateTable('customer_token')
    .set(
      link
        ? { state: 'open', ...(customer && { customer_id: customer.id }) }
        : { state: 'refused', details: null },
    )
    .where('id', '=', id)
    .execute();
  const mail = { to: asked.email, language: customer?.language ?? asked.language };
  const token = id.toString('hex');
  if (link) {
    await queueMail(trx, { ...mail, eventKey: `${link.name}:${token}`, template: link, data: { token } });
  } else if (customer && !isTooOften) {
    const eventKey = `${ACCOUNT_EXISTS.name}:${token}`;
    await queueMail(trx, { ...mail, eventKey, template: ACCOUNT_EXISTS, data: {} });
  }
}

function linkFor(
  kind: TokenKind,
  customer: CustomerRow | undefined,
): MailTemplate<{ token: string }> | undefined {
  if (kind === 'reset') return customer && RESET_PASSWORD;
  return customer ? undefined : WITHOUT_ACCOUNT[kind];
}

/** Up to this one: those that came later are not yet answered. */
async function countLinks(
  trx: Transaction<Directory>,
  { id, kind, email, createdAt }: Asked,
): Promise<number> {
  const { count } = await trx
    .selectFrom('customer_token')
    .select((by) => by.fn.countAll<number>().as('count'))
    .where('email', '=', email)
    .where('kind', '=', kind)
    .where('created_at', '>', sql<Date>`${createdAt} - INTERVAL 1 HOUR`)
    .where(sql<boolean>`(created_at, id) <= (${createdAt}, ${id})`)
    .executeTakeFirstOrThrow();
  return count;
}
