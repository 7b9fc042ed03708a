import type { Kysely, Transaction } from 'kysely';
import type { z } from 'zod';
import type { Directory } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { addressForm } from './customer-forms.ts';
import { CustomerChangedError } from './customer-queries.ts';

const MAX_ADDRESSES = 20;

export type AddressInput = z.output<typeof addressForm>;

export interface Address extends Omit<AddressInput, 'country'> {
  id: number;
  country: string;
  version: number;
}

export class AddressNotFoundError extends DomainError {
  constructor() {
    super({ code: 'address_not_found', status: 404, textKey: 'shopAccount.errors.addressNotFound' });
  }
}

export class AddressChangedError extends DomainError {
  constructor() {
    super({
      code: 'address_changed',
      status: 409,
      textKey: 'shopAccount.errors.addressChanged',
      field: 'name',
    });
  }
}

export class TooManyAddressesError extends DomainError {
  constructor() {
    const values = { count: MAX_ADDRESSES };
    super({
      ...{ code: 'too_many_addresses', status: 422, textKey: 'shopAccount.errors.tooManyAddresses', values },
      field: 'name',
    });
  }
}

export async function listAddresses(db: Kysely<Directory>, customerId: number): Promise<Address[]> {
  return selectAddresses(db, customerId).orderBy('id').execute();
}

/** @throws AddressNotFoundError, also if it is another customer's */
export async function getAddress(db: Kysely<Directory>, customerId: number, id: number): Promise<Address> {
  const address = await selectAddresses(db, customerId).where('id', '=', id).executeTakeFirst();
  if (!address) throw new AddressNotFoundError();
  return address;
}

/** @throws TooManyAddressesError */
export async function addAddress(
  trx: Transaction<Directory>,
  customerId: number,
  input: AddressInput,
): Promise<void> {
  // Of two at once, the second counts the first.
  const customer = trx.selectFrom('customer').select('id').where('id', '=', customerId).forUpdate();
  // Deleted in another tab.
  if (!(await customer.executeTakeFirst())) throw new CustomerChangedError();
  const addresses = await listAddresses(trx, customerId);
  if (addresses.length >= MAX_ADDRESSES) throw new TooManyAddressesError();
  await trx
    .insertInto('customer_address')
    .values({ customer_id: customerId, ...columnsOf(input) })
    .execute();
}

/** @throws AddressNotFoundError, AddressChangedError */
export async function changeAddress(
  trx: Transaction<Directory>,
  customerId: number,
  { id, version, ...input }: AddressInput & { id: number; version: number },
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('customer_address')
    .set({ ...columnsOf(input), version: version + 1 })
    .where('id', '=', id)
    .where('customer_id', '=', customerId)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows > 0n) return;
  await getAddress(trx, customerId, id);
  throw new AddressChangedError();
}

/** @throws AddressNotFoundError */
export async function deleteAddress(
  trx: Transaction<Directory>,
  customerId: number,
  id: number,
): Promise<void> {
  const { numDeletedRows } = await trx
    .deleteFrom('customer_address')
    .where('id', '=', id)
    .where('customer_id', '=', customerId)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) throw new AddressNotFoundError();
}

function selectAddresses(db: Kysely<Directory>, customerId: number) {
  return db
    .selectFrom('customer_address')
    .select(['id', 'name', 'phone', 'country', 'region', 'municipality', 'street'])
    .select(['postal_code as postalCode', 'directions', 'version'])
    .where('customer_id', '=', customerId);
}

function columnsOf({ postalCode, ...input }: AddressInput) {
  return { ...input, postal_code: postalCode };
}
