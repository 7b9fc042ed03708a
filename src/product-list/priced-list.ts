import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { ProductSet } from '../search/product-set.ts';
import { hasPrices, isPricedIn } from './price-range.ts';
import { wantedAvailable, type ProductFilter } from './product-filter.ts';

/** Of more, a page is soon found in any order. */
const FEW = 10_000;
/** Beside a search, finding a page takes longer. */
const FEW_SEARCHED = 100_000;
/** Checking so many takes less time than reading others by price. */
const FEW_FOUND = 2000;

/** Whether an index holds the prices of exactly what is listed by category and availability. */
export function hasPriceIndex({ category, availability }: ProductFilter): boolean {
  return category === '' ? availability === '' : availability !== 'low';
}

/** Those in the range of prices, within the category; undefined without a range, and if they are many. */
export async function findFewPriced(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  few = FEW,
): Promise<ProductSet | undefined> {
  if (!hasPrices(filter)) return undefined;
  const priced = selectPriced(db, filter)
    .select('product.id')
    .limit(few + 1);
  // Counting many takes less time than reading them.
  const { count } = await db
    .selectFrom(priced.as('priced'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  if (count > few) return undefined;
  return ProductSet.of((await priced.execute()).map(({ id }) => id));
}

/** Leaves out what was found at other prices, unless those in the range are many. */
export async function narrowByPrice(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  { found, fewPriced }: { found: ProductSet | undefined; fewPriced: ProductSet | undefined },
): Promise<ProductSet | undefined> {
  if (!fewPriced && found && found.size <= FEW_FOUND) return found;
  const priced = fewPriced ?? (await findFewPriced(db, filter, FEW_SEARCHED));
  return priced && found ? ProductSet.intersection([priced, found]) : (priced ?? found);
}

/** From an index alone. */
export function selectPriced(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  hint: RawBuilder<unknown> = sql``,
) {
  const { category } = filter;
  const available = wantedAvailable(filter);
  const index = sql.ref(category === '' ? 'price' : 'filtered_price');
  return db
    .selectFrom('product')
    .modifyFront(sql`/*+ INDEX(product ${index}) ${hint} */`)
    .where(isPricedIn(filter))
    .$if(category !== '', (query) =>
      query
        .where('product.category_id', '=', (eb) =>
          eb.selectFrom('category').select('category.id').where('category.name', '=', category),
        )
        .where('product.available', 'in', available === undefined ? [0, 1] : [available ? 1 : 0]),
    );
}
