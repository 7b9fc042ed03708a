const START = '»';
/** The starts of names and codes that the database's own indexes do not find as the search does. */
const UNUSUAL_NAME = '«';
const UNUSUAL_CODE = '‹';
const MAX_LENGTH = 3;
/** Of `search_posting.gram`. */
const MAX_PROPERTY_LENGTH = 30;
/** More grams would be read without narrowing the search. */
const MAX_GRAMS_PER_TERM = 6;

export type BookProperty = 'author' | 'publisher' | 'year' | 'language' | 'binding';

export interface IndexedProduct {
  id: number;
  /** Folded. */
  texts: string[];
  /** Texts without separators: grams with a digit are taken from these too. */
  plainTexts: string[];
  beginnings: string[];
  /** Those with a letter that LIKE compares otherwise. */
  unusualNames: string[];
  unusualCodes: string[];
  properties: string[];
}

export const CATEGORY_GRAM = 'category ';
export const categoryGram = (id: number) => `${CATEGORY_GRAM}${id}`;
export const availabilityGram = (available: boolean | 0 | 1) => `available ${available ? 1 : 0}`;
/** Of a product in whose texts LIKE does not find all that the search does. */
export const UNUSUAL_GRAM = 'unusual';
export const LOW_GRAM = 'level low';
export const ON_SALE_GRAM = 'on sale';
export const supplierGram = (id: number) => `supplier ${id}`;
/** @param tag folded; two that begin alike have the same gram */
export const tagGram = (tag: string) => `tag ${tag}`.slice(0, MAX_PROPERTY_LENGTH);
/** @param value of one of the properties of a book; folded, if it is a text */
export const bookGram = (property: BookProperty, value: string | number) =>
  `${property} ${value}`.slice(0, MAX_PROPERTY_LENGTH);
/** @param weight in hexadecimal, so that grams sort as the column does */
export const initialGram = (column: string, weight: string) => `${column} ${weight}`;

/** Caches the runs of each word, as words repeat within a catalogue. */
export class ProductGrams {
  readonly #runs = new Map<string, string[]>();

  of({ texts, plainTexts, beginnings, unusualNames, unusualCodes, properties }: IndexedProduct): string[] {
    const words = texts.flatMap((text) => text.split(' '));
    return [
      ...properties,
      ...startsOf(START, beginnings),
      ...startsOf(UNUSUAL_NAME, unusualNames),
      ...startsOf(UNUSUAL_CODE, unusualCodes),
      ...words.flatMap((word) => this.#runsOf(word)),
      ...plainTexts.flatMap(runsWithDigit),
    ];
  }

  #runsOf(word: string): string[] {
    let runs = this.#runs.get(word);
    if (!runs) {
      runs = [];
      for (let from = 0; from < word.length; from++) {
        const longest = Math.min(MAX_LENGTH, word.length - from);
        for (let length = 1; length <= longest; length++) runs.push(word.slice(from, from + length));
      }
      this.#runs.set(word, runs);
    }
    return runs;
  }
}

function startsOf(sign: string, texts: string[]): string[] {
  return texts.flatMap((text) => [1, 2, MAX_LENGTH].map((length) => sign + text.slice(0, length)));
}

function runsWithDigit(text: string): string[] {
  const runs: string[] = [];
  for (const { index: digit } of text.matchAll(/\d/g)) {
    for (let from = Math.max(0, digit - MAX_LENGTH + 1); from <= digit; from++) {
      const longest = Math.min(MAX_LENGTH, text.length - from);
      for (let length = digit - from + 1; length <= longest; length++) {
        runs.push(text.slice(from, from + length));
      }
    }
  }
  return runs;
}

/** Grams that every product containing `text` (folded) has: the longest, evenly spread. */
export function gramsOfTerm(text: string): string[] {
  return evenlySpread(text.split(' ').filter(Boolean).flatMap(longestRuns));
}

/** Those that every product has which contains `text` (folded, with a digit) when separators are left out. */
export function gramsOfPartNumber(text: string): string[] {
  return evenlySpread(longestRuns(text).filter((run) => /\d/.test(run)));
}

function evenlySpread(grams: string[]): string[] {
  if (grams.length <= MAX_GRAMS_PER_TERM) return grams;
  const step = (grams.length - 1) / (MAX_GRAMS_PER_TERM - 1);
  return Array.from({ length: MAX_GRAMS_PER_TERM }, (_, index) => grams[Math.round(index * step)]!);
}

export function startGram(text: string): string {
  return START + text.slice(0, MAX_LENGTH);
}

export function unusualNameGram(text: string): string {
  return UNUSUAL_NAME + text.slice(0, MAX_LENGTH);
}

export function unusualCodeGram(text: string): string {
  return UNUSUAL_CODE + text.slice(0, MAX_LENGTH);
}

function longestRuns(word: string): string[] {
  if (word.length <= MAX_LENGTH) return [word];
  return Array.from({ length: word.length - MAX_LENGTH + 1 }, (_, from) =>
    word.slice(from, from + MAX_LENGTH),
  );
}
