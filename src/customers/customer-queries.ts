import { type Kysely, type Transaction } from 'kysely';
import { z } from 'zod';
import { isDuplicateKey } from '../database/mysql-errors.ts';
import type { CustomerRow, Directory } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { enqueue, type OutboxKind } from '../jobs/outbox.ts';
import type { Language } from '../locales/languages.ts';
import { queueMail } from '../mail/mail.ts';
import { deleteMailsTo } from '../mail/mail-queries.ts';
import { endLinks, LinkEndedError, takeLink } from './customer-links.ts';
import { ACCOUNT_DELETED, ADDRESS_CHANGED, PASSWORD_CHANGED } from './customer-mails.ts';

/** What a new account will have, until its address is confirmed. */
export const registration = z.object({ name: z.string(), passwordHash: z.string() });

const deletedCustomer = z.object({ customer: z.number() });

/** For other folders: what they keep of the customer goes, too. */
export const CUSTOMER_DELETED: OutboxKind<z.output<typeof deletedCustomer>> = {
  name: 'customer-deleted',
  payload: deletedCustomer,
};

/** The password was changed, or the account deleted, since the request began. */
export class CustomerChangedError extends DomainError {
  constructor() {
    super({ code: 'customer_changed', status: 409, textKey: 'shopAccount.errors.changed' });
  }
}

export async function findCustomerByEmail(
  db: Kysely<Directory>,
  email: string,
): Promise<CustomerRow | undefined> {
  return db.selectFrom('customer').selectAll().where('email', '=', email).executeTakeFirst();
}

/** @throws CustomerChangedError */
export async function getCustomer(db: Kysely<Directory>, id: number): Promise<CustomerRow> {
  const customer = await db.selectFrom('customer').selectAll().where('id', '=', id).executeTakeFirst();
  if (!customer) throw new CustomerChangedError();
  return customer;
}

/** @throws LinkEndedError, also if the address has an account by now */
export async function createCustomer(trx: Transaction<Directory>, link: Buffer): Promise<number> {
  const { email, language, details } = await takeLink(trx, link, 'register');
  const { name, passwordHash } = registration.parse(details);
  const values = { email, name, language, password_hash: passwordHash };
  const { insertId } = await endedIfTaken(() =>
    trx.insertInto('customer').values(values).executeTakeFirstOrThrow(),
  );
  await endLinks(trx, { email, kind: 'register' });
  return Number(insertId);
}

export async function changeDetails(
  trx: Transaction<Directory>,
  id: number,
  details: { name: string; phone: string; language: Language },
): Promise<void> {
  await trx.updateTable('customer').set(details).where('id', '=', id).execute();
}

/** Also ends all sessions and links. @throws CustomerChangedError */
export async function changePassword(
  trx: Transaction<Directory>,
  { id, password_hash }: Pick<CustomerRow, 'id' | 'password_hash'>,
  { passwordHash, eventKey }: { passwordHash: string; eventKey: string },
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('customer')
    .set({ password_hash: passwordHash })
    .where('id', '=', id)
    .where('password_hash', '=', password_hash)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new CustomerChangedError();
  await trx.deleteFrom('customer_session').where('customer_id', '=', id).execute();
  await endLinks(trx, { customerId: id });
  const { email: to, language } = await getCustomer(trx, id);
  await queueMail(trx, { eventKey, to, language, template: PASSWORD_CHANGED, data: {} });
}

/** @throws LinkEndedError */
export async function resetPassword(
  trx: Transaction<Directory>,
  link: Buffer,
  passwordHash: string,
): Promise<void> {
  const { customerId } = await takeLink(trx, link, 'reset');
  const customer = await lockCustomer(trx, customerId);
  const eventKey = `password-reset:${link.toString('hex')}`;
  await changePassword(trx, customer, { passwordHash, eventKey });
}

/** @throws LinkEndedError, also if another account has the address by now */
export async function changeEmail(trx: Transaction<Directory>, link: Buffer): Promise<void> {
  const { customerId, email } = await takeLink(trx, link, 'email');
  const { id, email: to, language } = await lockCustomer(trx, customerId);
  await endedIfTaken(() => trx.updateTable('customer').set({ email }).where('id', '=', id).execute());
  await endLinks(trx, { customerId: id });
  const eventKey = `address-changed:${link.toString('hex')}`;
  await queueMail(trx, { eventKey, to, language, template: ADDRESS_CHANGED, data: {} });
}

/** What names the person goes; orders stay. @throws CustomerChangedError */
export async function deleteCustomer(
  trx: Transaction<Directory>,
  { id, email, language, password_hash }: CustomerRow,
): Promise<void> {
  const { numDeletedRows } = await trx
    .deleteFrom('customer')
    .where('id', '=', id)
    .where('password_hash', '=', password_hash)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) throw new CustomerChangedError();
  await trx.deleteFrom('customer_session').where('customer_id', '=', id).execute();
  await trx.deleteFrom('customer_address').where('customer_id', '=', id).execute();
  await trx
    .deleteFrom('customer_token')
    .where((by) => by.or([by('customer_id', '=', id), by('email', '=', email)]))
    .execute();
  await deleteMailsTo(trx, email);
  const mail = { eventKey: `account-deleted:${id}`, to: email, language };
  await queueMail(trx, { ...mail, template: ACCOUNT_DELETED, data: {} });
  await enqueue(trx, CUSTOMER_DELETED, { customer: id });
}

async function lockCustomer(trx: Transaction<Directory>, id: number | null): Promise<CustomerRow> {
  const customer = await trx
    .selectFrom('customer')
    .selectAll()
    .where('id', '=', id ?? 0)
    .forUpdate()
    .executeTakeFirst();
  if (!customer) throw new LinkEndedError();
  return customer;
}

async function endedIfTaken<T>(save: () => Promise<T>): Promise<T> {
  try {
    return await save();
  } catch (error) {
    if (isDuplicateKey(error)) throw new LinkEndedError();
    throw error;
  }
}
