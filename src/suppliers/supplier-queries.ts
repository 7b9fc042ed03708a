import { sql, type Kysely, type Transaction } from 'kysely';
import { recordProductEvent, type NewProductEvent } from '../audit/audit-trail.ts';
import { isDuplicateKey, isReferenced } from '../database/mysql-errors.ts';
import type { Catalogue } from '../database/tables.ts';
import { escapeLike } from '../search/search-terms.ts';
import type { MovementActor } from '../stock/stock-movements.ts';
import {
  SupplierChangedError,
  SupplierInUseError,
  SupplierNameTakenError,
  SupplierNotFoundError,
} from './supplier-errors.ts';

export const PER_PAGE = 100;

export interface SupplierInput {
  name: string;
  contact: string;
  email: string;
  phone: string;
  /** In days. */
  leadTime: number | null;
}

export interface Supplier extends SupplierInput {
  id: number;
  version: number;
}

export interface ListedSupplier extends Supplier {
  /** By products, also deleted ones. */
  isUsed: boolean;
}

export interface SupplierPage {
  suppliers: ListedSupplier[];
  next: string | undefined;
}

export async function listSupplierPage(
  db: Kysely<Catalogue>,
  { search, after }: { search: string; after: string },
): Promise<SupplierPage> {
  const rows = await selectSuppliers(db)
    .select(
      sql<0 | 1>`
      EXISTS (SELECT 1 FROM product WHERE supplier_id = supplier.id)
      OR EXISTS (SELECT 1 FROM deleted_product WHERE supplier_id = supplier.id)`.as('isUsed'),
    )
    .$if(search !== '', (query) => query.where('name', 'like', `%${escapeLike(search)}%`))
    .$if(after !== '', (query) => query.where('name', '>', after))
    .orderBy('name')
    .limit(PER_PAGE + 1)
    .execute();
  const suppliers = rows.slice(0, PER_PAGE).map((row) => ({ ...row, isUsed: row.isUsed === 1 }));
  return { suppliers, next: rows.length > PER_PAGE ? suppliers.at(-1)!.name : undefined };
}

/** @throws SupplierNotFoundError */
export async function getSupplier(db: Kysely<Catalogue>, id: number): Promise<Supplier> {
  const row = await selectSuppliers(db).where('id', '=', id).executeTakeFirst();
  if (!row) throw new SupplierNotFoundError();
  return row;
}

function selectSuppliers(db: Kysely<Catalogue>) {
  return db
    .selectFrom('supplier')
    .select(['id', 'name', 'contact', 'email', 'phone', 'lead_time_days as leadTime', 'version']);
}

/** @throws SupplierNameTakenError */
export async function addSupplier(
  trx: Transaction<Catalogue>,
  input: SupplierInput,
  actor: MovementActor,
): Promise<void> {
  const { insertId } = await throwIfNameTaken(input.name, () =>
    trx.insertInto('supplier').values(columnsOf(input)).executeTakeFirstOrThrow(),
  );
  await recordChange(trx, 'supplier.added', { id: Number(insertId), name: input.name }, actor);
}

/** @throws SupplierNotFoundError, SupplierChangedError, SupplierNameTakenError */
export async function updateSupplier(
  trx: Transaction<Catalogue>,
  id: number,
  { version, ...input }: SupplierInput & { version: number },
  actor: MovementActor,
): Promise<void> {
  const current = await lockSupplier(trx, id);
  if (current.version !== version) throw new SupplierChangedError(current.version);
  await throwIfNameTaken(input.name, () =>
    trx
      .updateTable('supplier')
      .set({ ...columnsOf(input), version: version + 1 })
      .where('id', '=', id)
      .execute(),
  );
  await recordChange(trx, 'supplier.edited', { id, name: input.name }, actor);
}

/** @throws SupplierNotFoundError, SupplierInUseError */
export async function deleteSupplier(
  trx: Transaction<Catalogue>,
  id: number,
  actor: MovementActor,
): Promise<{ name: string }> {
  const { name } = await lockSupplier(trx, id);
  try {
    await trx.deleteFrom('supplier').where('id', '=', id).execute();
  } catch (error) {
    if (isReferenced(error)) throw new SupplierInUseError(name);
    throw error;
  }
  await recordChange(trx, 'supplier.deleted', { id, name }, actor);
  return { name };
}

async function lockSupplier(trx: Transaction<Catalogue>, id: number): Promise<Supplier> {
  const row = await selectSuppliers(trx).where('id', '=', id).forUpdate().executeTakeFirst();
  if (!row) throw new SupplierNotFoundError();
  return row;
}

function columnsOf({ leadTime, ...input }: SupplierInput) {
  return { ...input, lead_time_days: leadTime };
}

async function throwIfNameTaken<T>(name: string, save: () => Promise<T>): Promise<T> {
  try {
    return await save();
  } catch (error) {
    if (isDuplicateKey(error)) throw new SupplierNameTakenError(name);
    throw error;
  }
}

async function recordChange(
  trx: Transaction<Catalogue>,
  action: Extract<NewProductEvent['action'], `supplier.${string}`>,
  { id, name }: { id: number; name: string },
  actor: MovementActor,
): Promise<void> {
  // The number is not the event's target: those of this trail are products.
  await recordProductEvent(trx, { action, actor, target: { name }, details: { supplier: id } });
}
