import type { Availability } from './product-filter.ts';

/** One word of a search, and the availability it names as a whole, if it does. */
export interface SearchTerm {
  text: string;
  availability: Availability | undefined;
}

const MAX_TERMS = 10;

/** The words of the badge in the list, as people type them. */
const AVAILABILITY_WORDS: Record<string, Availability> = {
  disponible: 'available',
  disponibles: 'available',
  available: 'available',
  'in stock': 'available',
  agotado: 'out_of_stock',
  agotada: 'out_of_stock',
  agotados: 'out_of_stock',
  agotadas: 'out_of_stock',
  'out of stock': 'out_of_stock',
};

const WORDS = /\bout of stock\b|\bin stock\b|\S+/giu;

/** Splits what was typed into the words that must all be found; beyond ten they are not looked at. */
export function searchTerms(search: string): SearchTerm[] {
  const words = search.match(WORDS) ?? [];
  return words
    .slice(0, MAX_TERMS)
    .map((text) => ({ text, availability: AVAILABILITY_WORDS[text.toLowerCase()] }));
}

/** `text` as it stands in a LIKE pattern, where % and _ are plain characters. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
