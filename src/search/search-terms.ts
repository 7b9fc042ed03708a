import { withoutSeparators } from './spelling.ts';

export interface SearchTerm {
  text: string;
  available: boolean | undefined;
  /** Without separators; empty if it consists of them. */
  plain: string;
  /** Has a digit: separators do not matter in it, nor where it is found. */
  isPartNumber: boolean;
  /** Its n also finds ñ. People who type an ñ tell the two apart. */
  findsEnye: boolean;
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
  return words.map((text) => ({
    text,
    available: availabilityNamed(text),
    plain: withoutSeparators(text),
    isPartNumber: /\p{Nd}/u.test(text),
    findsEnye: plainLetters(text).includes('n') && !/ñ/iu.test(text),
  }));
}

function plainLetters(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

function availabilityNamed(text: string): boolean | undefined {
  const plain = plainLetters(text);
  if (plain.length < MIN_PREFIX_LENGTH) return undefined;
  return AVAILABILITY_WORDS.find(([word]) => word.startsWith(plain))?.[1];
}

export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
