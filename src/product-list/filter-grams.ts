import type { Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { bookGram, gramsOfTerm, LOW_GRAM, ON_SALE_GRAM, supplierGram, tagGram } from '../search/grams.ts';
import { letters } from '../search/letters.ts';
import type { ProductFilter } from './product-filter.ts';

export async function gramsOf(
  db: Kysely<Catalogue>,
  { availability, supplier, tag, location, ...filter }: ProductFilter,
): Promise<string[]> {
  const { author, publisher, year, language, binding } = filter;
  await letters.learn(db, [tag, location, author, publisher]);
  return [
    ...(availability === 'low' ? [LOW_GRAM] : []),
    ...(supplier ? [supplierGram(await findSupplier(db, supplier))] : []),
    ...(tag ? [tagGram(letters.fold(tag))] : []),
    ...gramsOfTerm(letters.fold(location)),
    ...(author ? [bookGram('author', letters.fold(author))] : []),
    ...(publisher ? [bookGram('publisher', letters.fold(publisher))] : []),
    ...(year ? [bookGram('year', Number(year))] : []),
    ...(language ? [bookGram('language', language)] : []),
    ...(binding ? [bookGram('binding', binding)] : []),
    ...(filter.onSale === 'yes' || filter.offered ? [ON_SALE_GRAM] : []),
  ];
}

/** @returns 0 for a supplier that does not exist, which no product has */
async function findSupplier(db: Kysely<Catalogue>, name: string): Promise<number> {
  const found = await db.selectFrom('supplier').select('id').where('name', '=', name).executeTakeFirst();
  return found?.id ?? 0;
}
