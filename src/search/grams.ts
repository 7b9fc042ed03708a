/** The first letters of a name or code, as in "»cam". */
const START = '»';
const LONGEST = 3;
/** More would narrow a search down no further, and each has to be read. */
const MOST_OF_A_TERM = 6;

export interface IndexedProduct {
  id: number;
  /** The texts in which words are found, folded. Its category's name is among them: it never changes. */
  texts: string[];
  /** Its name and its code, folded: searches look for what begins with them too. */
  beginnings: string[];
  /** What comes from columns as they are: its category, its place in orders. */
  properties: string[];
}

/** What a category's gram begins with, before its number. */
export const CATEGORY_GRAM = 'category ';
export const categoryGram = (id: number) => `${CATEGORY_GRAM}${id}`;
export const availabilityGram = (available: boolean | 0 | 1) => `available ${available ? 1 : 0}`;
/** @param weight of the first letter in the collation, in hexadecimal: grams sort as the column does */
export const initialGram = (column: string, weight: string) => `${column} ${weight}`;

/**
 * The grams of products: every run of up to three letters within their words, and their properties.
 * Remembers the words it has met, as most words of a catalogue come again and again.
 */
export class ProductGrams {
  readonly #runs = new Map<string, string[]>();

  /** Some may be there more than once. */
  of({ texts, beginnings, properties }: IndexedProduct): string[] {
    const words = texts.flatMap((text) => text.split(' '));
    const starts = beginnings.flatMap((text) =>
      [1, 2, LONGEST].map((length) => START + text.slice(0, length)),
    );
    return [...properties, ...starts, ...words.flatMap((word) => this.#runsOf(word))];
  }

  #runsOf(word: string): string[] {
    let runs = this.#runs.get(word);
    if (!runs) {
      runs = [];
      for (let from = 0; from < word.length; from++) {
        const longest = Math.min(LONGEST, word.length - from);
        for (let length = 1; length <= longest; length++) runs.push(word.slice(from, from + length));
      }
      this.#runs.set(word, runs);
    }
    return runs;
  }
}

/** Grams that a product has which contains `text` (folded): the longest ones, spread over it. */
export function gramsOfTerm(text: string): string[] {
  const grams = text.split(' ').filter(Boolean).flatMap(longestRuns);
  if (grams.length <= MOST_OF_A_TERM) return grams;
  const step = (grams.length - 1) / (MOST_OF_A_TERM - 1);
  return Array.from({ length: MOST_OF_A_TERM }, (_, index) => grams[Math.round(index * step)]!);
}

/** The gram that a product has whose name or code begins with `text` (folded). */
export function startGram(text: string): string {
  return START + text.slice(0, LONGEST);
}

function longestRuns(word: string): string[] {
  if (word.length <= LONGEST) return [word];
  return Array.from({ length: word.length - LONGEST + 1 }, (_, from) => word.slice(from, from + LONGEST));
}
