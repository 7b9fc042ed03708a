import { letters } from './letters.ts';
import { withoutSeparators } from './spelling.ts';

export interface SearchTerm {
  text: string;
  available: boolean | undefined;
  folded: string;
  /** Folded, without separators; empty if it consists of them. */
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

/** A word, or any prefix of "in stock" and "out of stock" with its space. JavaScript takes U+FEFF for a space. */
const WORDS = /\b(?:out of|in)(?: s(?:t(?:o(?:ck?)?)?)?)\b|\bout of\b|[\S\uFEFF]+/giu;

/** @param search learnt by `letters` */
export function searchTerms(search: string): SearchTerm[] {
  const words = search.match(WORDS) ?? [];
  const terms = words.map((text) => {
    const folded = letters.fold(text);
    return {
      text,
      folded,
      available: availabilityNamed(folded),
      plain: withoutSeparators(folded),
      isPartNumber: /\d/.test(folded),
      findsEnye: folded.includes('n') && !folded.includes('ñ'),
    };
  });
  return terms.filter(({ folded }) => folded !== '');
}

function availabilityNamed(folded: string): boolean | undefined {
  if (folded.length < MIN_PREFIX_LENGTH) return undefined;
  return AVAILABILITY_WORDS.find(([word]) => word.startsWith(folded))?.[1];
}

export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
