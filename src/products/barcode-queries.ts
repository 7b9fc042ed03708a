import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { isDuplicateIn, isDuplicateKey } from '../database/mysql-errors.ts';
import type { Catalogue } from '../database/tables.ts';
import type { DomainError } from '../errors/domain-error.ts';
import { barcodeKey, keysOfScan, splitBarcodes } from './barcodes.ts';
import { BarcodeTakenError, CodeTakenError, type TakenBarcode } from './product-errors.ts';

interface Taking {
  id?: number;
  barcodes: string;
}

interface Refusals {
  code: new () => DomainError;
  barcode: new (taken: TakenBarcode) => DomainError;
}

export async function throwIfTaken<T>(
  trx: Transaction<Catalogue>,
  product: Taking,
  save: () => Promise<T>,
  refusals: Refusals = { code: CodeTakenError, barcode: BarcodeTakenError },
): Promise<T> {
  try {
    return await save();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    if (!isDuplicateIn(error, 'product_barcode')) throw new refusals.code();
    const taken = await findTakenBarcode(trx, product);
    throw taken ? new refusals.barcode(taken) : error;
  }
}

async function findTakenBarcode(
  db: Kysely<Catalogue>,
  { id, barcodes }: Taking,
): Promise<TakenBarcode | undefined> {
  const values = new Map(splitBarcodes(barcodes).map((value) => [barcodeKey(value), value]));
  const holder = await db
    .selectFrom('product_barcode')
    .innerJoin('product', 'product.id', 'product_barcode.product_id')
    .select(['barcode', 'product.id', 'product.name'])
    .where('barcode', 'in', [...values.keys()])
    .$if(id !== undefined, (query) => query.where('product.id', '<>', id!))
    .limit(1)
    .executeTakeFirst();
  return holder && { barcode: values.get(holder.barcode)!, holder: { id: holder.id, name: holder.name } };
}

/** The product whose code or barcode is exactly this text, if there is one only. */
export async function findByScan(db: Kysely<Catalogue>, text: string): Promise<number | undefined> {
  const keys = keysOfScan(text);
  const withBarcode = sql`
    SELECT product_id AS id FROM product_barcode WHERE barcode IN (${sql.join(keys)}) UNION`;
  const { rows } = await sql<{ id: number }>`
    ${keys.length > 0 ? withBarcode : sql``} SELECT id FROM product WHERE code = ${text} LIMIT 2`.execute(db);
  return rows.length === 1 ? rows[0]!.id : undefined;
}

/** The values of `barcodes`, which must not be empty, as a table with the column `value`. */
export function barcodesIn(barcodes: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`JSON_TABLE(CONCAT('["', REPLACE(${barcodes}, ', ', '","'), '"]'), '$[*]' COLUMNS (value VARCHAR(50) PATH '$'))`;
}

/** `barcodeKey` of a row of `barcodesIn`, in the collation of `product_barcode.barcode`. */
export const BARCODE_KEY = sql<string>`
  CONVERT(IF(value REGEXP '^([0-9]{8}|[0-9]{12,14})$', LPAD(value, 14, '0'), UPPER(REPLACE(value, '*', '')))
    USING ascii) COLLATE ascii_bin`;
