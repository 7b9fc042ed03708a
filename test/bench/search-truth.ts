import { createConnection } from 'mysql2';
import type { StackData } from '../support/stack-data.ts';
import { SEARCH_TERMS } from './search-terms.ts';

/** How many products match each term, without using the search index. */
export async function countByFullScan(data: StackData): Promise<number[]> {
  const terms = SEARCH_TERMS.map((term) => ({ ...term, words: term.search.split(/\s+/).map(matcherOf) }));
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
      const texts = folded([row.name, row.description, row.category].join('\n'));
      const code = folded(row.code!);
      for (const [index, { words, category, availability }] of terms.entries()) {
        if (category && row.category !== category) continue;
        if (availability && (row.quantity > 0 ? 'available' : 'out_of_stock') !== availability) continue;
        if (words.every((isFound) => isFound(code, texts))) counts[index]!++;
      }
    }
    return counts;
  } finally {
    connection.destroy();
  }
}

/** Without an ñ, n finds ñ; separators do not matter in codes, nor to a word with a digit. */
function matcherOf(word: string) {
  const typed = folded(word);
  const plain = withoutSeparators(typed);
  const spelt = (text: string) => (typed.includes('ñ') ? text : text.replaceAll('ñ', 'n'));
  return (code: string, texts: string) =>
    spelt(withoutSeparators(code)).includes(plain) ||
    (/\d/.test(word) ? spelt(withoutSeparators(texts)).includes(plain) : spelt(texts).includes(typed));
}

const withoutSeparators = (text: string) => text.replace(/[-_./ ]/g, '');

/** Folds like utf8mb4_es_0900_ai_ci: no case, no accents, but ñ is a letter. */
function folded(text: string): string {
  const letters = text.normalize('NFC').toLowerCase().split('ñ');
  return letters.map((part) => part.normalize('NFKD').replace(/\p{M}/gu, '')).join('ñ');
}
