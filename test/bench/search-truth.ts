import { createConnection } from 'mysql2';
import type { StackData } from '../support/stack-data.ts';
import { SEARCH_TERMS } from './search-terms.ts';

/** How many products match each term, without using the search index. */
export async function countByFullScan(data: StackData): Promise<number[]> {
  const terms = SEARCH_TERMS.map((term) => ({ ...term, words: folded(term.search).split(/\s+/) }));
  const counts = terms.map(() => 0);
  const connection = createConnection(await data.address('replica1'));
  try {
    const rows = connection
      .query(
        `SELECT product.code, product.name, description, category.name AS category, quantity
         FROM product JOIN category ON category.id = category_id`,
      )
      .stream();
    for await (const row of rows as AsyncIterable<Record<string, string> & { quantity: number }>) {
      // A line break keeps a term from matching across two fields.
      const text = folded([row.code, row.name, row.description, row.category].join('\n'));
      for (const [index, { words, category, availability }] of terms.entries()) {
        if (category && row.category !== category) continue;
        if (availability && (row.quantity > 0 ? 'available' : 'out_of_stock') !== availability) continue;
        if (words.every((word) => text.includes(word))) counts[index]!++;
      }
    }
    return counts;
  } finally {
    connection.destroy();
  }
}

/** Folds like utf8mb4_es_0900_ai_ci: no case, no accents, but ñ is a letter. */
function folded(text: string): string {
  const letters = text.normalize('NFC').toLowerCase().split('ñ');
  return letters.map((part) => part.normalize('NFKD').replace(/\p{M}/gu, '')).join('ñ');
}
