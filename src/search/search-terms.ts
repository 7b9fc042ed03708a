export interface SearchTerm {
  text: string;
  available: boolean | undefined;
}

const AVAILABILITY_WORDS: [string, boolean][] = [
  ['disponibles', true],
  ['available', true],
  ['in stock', true],
  ['agotados', false],
  ['agotadas', false],
  ['out of stock', false],
];

/** Shorter prefixes are ambiguous ("dis": disco, distribuidor). */
const MIN_PREFIX_LENGTH = 4;

/** A word, or any prefix of "in stock" and "out of stock" that contains the space. */
const WORDS = /\b(?:out of|in)(?: s(?:t(?:o(?:ck?)?)?)?)\b|\bout of\b|\S+/giu;

export function searchTerms(search: string): SearchTerm[] {
  const words = search.match(WORDS) ?? [];
  return words.map((text) => ({ text, available: availabilityNamed(text) }));
}

function availabilityNamed(text: string): boolean | undefined {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  if (plain.length < MIN_PREFIX_LENGTH) return undefined;
  return AVAILABILITY_WORDS.find(([word]) => word.startsWith(plain))?.[1];
}

export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
