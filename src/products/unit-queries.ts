import type { Kysely, Transaction } from 'kysely';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Catalogue } from '../database/tables.ts';
import type { Actor } from '../database/write-counts.ts';
import { hasMoreDecimals } from '../stock/quantities.ts';
import { UnitDecimalsError } from './product-errors.ts';

export interface Unit {
  /** What products call it. */
  code: string;
  singular: string;
  plural: string;
  decimals: number;
}

export const MAX_UNITS = 1000;

/** A unit that is not in the table, such as one that the previous version saved, has no decimals. */
export function plainUnit(code: string): Unit {
  return { code, singular: code, plural: code, decimals: 0 };
}

function selectUnits(db: Kysely<Catalogue>) {
  return db.selectFrom('unit').select(['code', 'singular', 'plural', 'decimals']);
}

export async function findUnit(db: Kysely<Catalogue>, code: string): Promise<Unit> {
  return (await selectUnits(db).where('code', '=', code).executeTakeFirst()) ?? plainUnit(code);
}

export async function findUnitOf(db: Kysely<Catalogue>, productId: number): Promise<Unit> {
  const row = await db
    .selectFrom('product')
    .leftJoin('unit', 'unit.code', 'product.unit')
    .select(['product.unit', ...UNIT_WORDS])
    .where('product.id', '=', productId)
    .executeTakeFirst();
  return row ? toUnit(row.unit, row) : plainUnit('');
}

/** Of `unit` in a left join. */
export const UNIT_WORDS = ['unit.singular', 'unit.plural', 'unit.decimals'] as const;

type UnitWords = { [Key in 'singular' | 'plural' | 'decimals']: Unit[Key] | null };

export function toUnit(code: string, { singular, plural, decimals }: UnitWords): Unit {
  if (singular === null || plural === null || decimals === null) return plainUnit(code);
  return { code, singular, plural, decimals };
}

export async function listUnits(db: Kysely<Catalogue>): Promise<Unit[]> {
  return selectUnits(db).orderBy('code').limit(MAX_UNITS).execute();
}

const REMEMBERED_MS = 5000;

export class Units {
  readonly #catalogue: DatabaseGroup<Catalogue>;
  #known = new Map<string, Unit>();
  #knownUntil = 0;

  constructor(catalogue: DatabaseGroup<Catalogue>) {
    this.#catalogue = catalogue;
  }

  async read(actor: Actor): Promise<(code: string) => Unit> {
    if (Date.now() > this.#knownUntil) {
      const units = await this.#catalogue.readReplica(actor, listUnits, { sharedAs: ['units'] });
      this.#known = new Map(units.map((unit) => [folded(unit.code), unit]));
      this.#knownUntil = Date.now() + REMEMBERED_MS;
    }
    const known = this.#known;
    return (code) => known.get(folded(code)) ?? plainUnit(code);
  }
}

/** Almost as the collation compares codes. */
function folded(code: string): string {
  return code.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Units are never deleted, so those seen once need no query. */
const known = new Set<string>();

/** Adds the unit if it is new. @throws UnitDecimalsError */
export async function useUnit(
  trx: Transaction<Catalogue>,
  code: string,
  quantity: number,
  field: 'quantity' | 'amount' = 'quantity',
): Promise<void> {
  if (known.has(code) && Number.isInteger(quantity)) return;
  const unit = await selectUnits(trx)
    .where('code', '=', code)
    // Its decimals must not become fewer before this commits.
    .$if(!Number.isInteger(quantity), (query) => query.forShare())
    .executeTakeFirst();
  if (unit) {
    if (known.size < MAX_UNITS) known.add(code);
  } else {
    await addUnits(trx, [code]);
  }
  if (hasMoreDecimals(quantity, unit?.decimals ?? 0))
    throw new UnitDecimalsError(unit ?? plainUnit(code), field);
}

/** @throws UnitDecimalsError */
export async function checkDecimals(
  trx: Transaction<Catalogue>,
  code: string,
  quantity: number,
  field?: 'quantity' | 'amount',
): Promise<void> {
  if (!Number.isInteger(quantity)) await useUnit(trx, code, quantity, field);
}

export async function addUnits(trx: Transaction<Catalogue>, codes: string[]): Promise<void> {
  if (codes.length === 0) return;
  const units = codes.map((code) => ({ code, singular: code, plural: likelyPlural(code), decimals: 0 }));
  await trx.insertInto('unit').ignore().values(units).execute();
}

/** Of a word in Spanish or English that ends in a vowel; administrators correct the others. */
function likelyPlural(word: string): string {
  return /\p{L}{3}[aeo]$/iu.test(word) && Array.from(word).length < 30 ? `${word}s` : word;
}

/** The word after a quantity: 24 unidades, 1 unidad, 2,5 kg. */
export function unitWord(quantity: number, { singular, plural }: Unit): string {
  return quantity === 1 ? singular : plural;
}
