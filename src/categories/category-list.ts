import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { Category } from '../products/category-queries.ts';
import { escapeLike } from '../search/search-terms.ts';
import { CategoryNotFoundError } from './category-errors.ts';

export const PER_PAGE = 100;

export interface ListedCategory extends Category {
  products: number;
  mergingInto: string | null;
  isTarget: boolean;
}

export interface CategoryPage {
  categories: ListedCategory[];
  next: string | undefined;
}

export async function listCategoryPage(
  db: Kysely<Catalogue>,
  { search, after }: { search: string; after: string },
): Promise<CategoryPage> {
  const rows = await selectListed(db)
    .$if(search !== '', (query) => query.where('category.name', 'like', `%${escapeLike(search)}%`))
    .$if(after !== '', (query) => query.where('category.name', '>', after))
    .orderBy('category.name')
    .limit(PER_PAGE + 1)
    .execute();
  const categories = rows.slice(0, PER_PAGE).map(toListed);
  return { categories, next: rows.length > PER_PAGE ? categories.at(-1)!.name : undefined };
}

/** @throws CategoryNotFoundError */
export async function getListedCategory(db: Kysely<Catalogue>, id: number): Promise<ListedCategory> {
  const row = await selectListed(db).where('category.id', '=', id).executeTakeFirst();
  if (!row) throw new CategoryNotFoundError();
  return toListed(row);
}

const MAX_TARGETS = 1000;

export async function listTargets(db: Kysely<Catalogue>, sourceId: number): Promise<Category[]> {
  return db
    .selectFrom('category')
    .leftJoin('category_merge', 'source_id', 'category.id')
    .select(['category.id', 'category.name'])
    .where('source_id', 'is', null)
    .where('category.id', '!=', sourceId)
    .orderBy('category.name')
    .limit(MAX_TARGETS)
    .execute();
}

/** The sum of a few rows (docs/decisions/categories.md). */
export function productsOf(categoryId: RawBuilder<number>): RawBuilder<number> {
  return sql<number>`
    (SELECT CAST(COALESCE(SUM(products), 0) AS SIGNED) FROM category_count WHERE category_id = ${categoryId})`;
}

function selectListed(db: Kysely<Catalogue>) {
  return db
    .selectFrom('category')
    .leftJoin('category_merge', 'source_id', 'category.id')
    .leftJoin('category as target', 'target.id', 'target_id')
    .select([
      'category.id',
      'category.name',
      'target.name as mergingInto',
      productsOf(sql`category.id`).as('products'),
      sql<0 | 1>`EXISTS (SELECT 1 FROM category_merge WHERE target_id = category.id)`.as('isTarget'),
    ]);
}

function toListed(row: Omit<ListedCategory, 'isTarget'> & { isTarget: 0 | 1 }): ListedCategory {
  return { ...row, isTarget: row.isTarget === 1 };
}
