import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { stockValue } from '../locales/money.ts';

const SHOWN_UNITS = 4;

export interface UnitTotal {
  unit: string;
  quantity: number;
}

export interface StockTotals {
  products: number;
  outOfStock: number;
  low: number;
  /** Those that most products have first. */
  units: UnitTotal[];
  moreUnits: number;
  /** In minor units of the currency. */
  priceValue: bigint;
  costValue: bigint;
  /** Products on hand whose price, or cost, is not known. */
  unpriced: number;
  uncosted: number;
}

type Counter = 'products' | 'out_of_stock' | 'low' | 'unpriced' | 'uncosted';

/** The sums of a few rows (docs/decisions/home.md). */
export async function readStockTotals(db: Kysely<Catalogue>): Promise<StockTotals> {
  const [row, units] = await Promise.all([readSums(db), readUnits(db)]);
  return {
    products: row.products,
    outOfStock: row.outOfStock,
    low: row.low,
    units: units.slice(0, SHOWN_UNITS).map(({ unit, quantity }) => ({ unit, quantity })),
    moreUnits: Math.max(0, (units[0]?.count ?? 0) - SHOWN_UNITS),
    priceValue: stockValue(row.priceValue, 1),
    costValue: stockValue(row.costValue, 1),
    unpriced: row.unpriced,
    uncosted: row.uncosted,
  };
}

function readSums(db: Kysely<Catalogue>) {
  const count = (column: Counter) => sql<number>`CAST(COALESCE(SUM(${sql.ref(column)}), 0) AS SIGNED)`;
  // As text: a double would round it.
  const value = (column: 'price_value' | 'cost_value') =>
    sql<string>`CAST(COALESCE(SUM(${sql.ref(column)}), 0) AS CHAR)`;
  return db
    .selectFrom('stock_total')
    .select([
      count('products').as('products'),
      count('out_of_stock').as('outOfStock'),
      count('low').as('low'),
      count('unpriced').as('unpriced'),
      count('uncosted').as('uncosted'),
      value('price_value').as('priceValue'),
      value('cost_value').as('costValue'),
    ])
    .executeTakeFirstOrThrow();
}

function readUnits(db: Kysely<Catalogue>) {
  return db
    .selectFrom('stock_total')
    .select(['unit', sql<number>`SUM(quantity)`.as('quantity'), sql<number>`COUNT(*) OVER ()`.as('count')])
    .groupBy('unit')
    .having(sql<boolean>`SUM(quantity) > 0`)
    .orderBy(sql`SUM(products)`, 'desc')
    .orderBy('unit')
    .limit(SHOWN_UNITS)
    .execute();
}
