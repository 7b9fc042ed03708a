import type { Availability } from '../product-list/product-filter.ts';

/** One word of a search, and the availability it names or begins to name, if it does. */
export interface SearchTerm {
  text: string;
  availability: Availability | undefined;
}

/** The words of the badge in the list, as people type them, without accents. */
const AVAILABILITY_WORDS: [string, Availability][] = [
  ['disponibles', 'available'],
  ['available', 'available'],
  ['in stock', 'available'],
  ['agotados', 'out_of_stock'],
  ['agotadas', 'out_of_stock'],
  ['out of stock', 'out_of_stock'],
];

/** Fewer letters than this could be the beginning of anything ("dis": disco, distribuidor). */
const SHORTEST_BEGINNING = 4;

/** A word, or as much of "in stock" and "out of stock" as has been typed. */
const WORDS = /\b(?:out of|in)(?: s(?:t(?:o(?:ck?)?)?)?)\b|\bout of\b|\S+/giu;

/** Splits what was typed into the words that must all be found. */
export function searchTerms(search: string): SearchTerm[] {
  const words = search.match(WORDS) ?? [];
  return words.map((text) => ({ text, availability: availabilityNamed(text) }));
}

function availabilityNamed(text: string): Availability | undefined {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  if (plain.length < SHORTEST_BEGINNING) return undefined;
  return AVAILABILITY_WORDS.find(([word]) => word.startsWith(plain))?.[1];
}

/** `text` as it stands in a LIKE pattern, where % and _ are plain characters. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
