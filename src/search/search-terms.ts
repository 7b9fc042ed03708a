/** One word of a search; `available` where it names or begins to name an availability. */
export interface SearchTerm {
  text: string;
  available: boolean | undefined;
}

/** The words of the badge in the list, as people type them, without accents. */
const AVAILABILITY_WORDS: [string, boolean][] = [
  ['disponibles', true],
  ['available', true],
  ['in stock', true],
  ['agotados', false],
  ['agotadas', false],
  ['out of stock', false],
];

/** Fewer letters than this could be the beginning of anything ("dis": disco, distribuidor). */
const SHORTEST_BEGINNING = 4;

/** A word, or as much of "in stock" and "out of stock" as has been typed. */
const WORDS = /\b(?:out of|in)(?: s(?:t(?:o(?:ck?)?)?)?)\b|\bout of\b|\S+/giu;

/** Splits what was typed into the words that must all be found. */
export function searchTerms(search: string): SearchTerm[] {
  const words = search.match(WORDS) ?? [];
  return words.map((text) => ({ text, available: availabilityNamed(text) }));
}

function availabilityNamed(text: string): boolean | undefined {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  if (plain.length < SHORTEST_BEGINNING) return undefined;
  return AVAILABILITY_WORDS.find(([word]) => word.startsWith(plain))?.[1];
}

/** `text` as it stands in a LIKE pattern, where % and _ are plain characters. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
