import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { escape } from 'mysql2';
import { ENYE, letters } from './letters.ts';
import { escapeLike } from './search-terms.ts';
import { SEPARATORS, withoutSeparators as leaveOutSeparators } from './spelling.ts';

/** The collation of the database, in which ñ is a letter of its own, and one in which n and ñ are equal. */
const SPANISH = 'utf8mb4_es_0900_ai_ci';
const ENYE_AS_N = 'utf8mb4_0900_ai_ci';

/** `%` of LIKE; no letter has its code as weight. */
const ANYTHING = '0025';
/** What ñ has in addition to n: stands for ñ, so that n is not found in it. */
const TILDE = ENYE.slice(4);

/** All but the commonest characters that LIKE compares as the search does: one weight each, written as themselves. */
export const UNUSUAL = '[^\n !#-_a-z{-~ª²³ºÁÉÍÓÚÜÑÇÀÈÌÒÙÂÊÎÔÛÄËÏÖÃÕáéíóúüñçàèìòùâêîôûäëïöãõ]';

export interface Wanted {
  /** Learnt by `letters`. */
  text: string;
  findsEnye: boolean;
  /** Leaves separators out of the text and of the field. */
  withoutSeparators?: boolean;
  /** No product in question has a character of UNUSUAL: LIKE is enough. */
  areUsual?: boolean;
}

export interface Searched {
  field: string;
  /** Those that `field` puts together, on which LIKE takes less time. */
  parts?: string[];
}

export function contains(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  return likeOr(searched, wanted, {
    pattern: (text) => `%${escapeLike(text)}%`,
    isFolded: (folded, weights) => `${folded} LIKE ${inUcs2([ANYTHING, ...weights, ANYTHING])}`,
  });
}

export function containsInOrder(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  return likeOr(searched, wanted, {
    pattern: (text) => `%${Array.from(text, escapeLike).join('%')}%`,
    isFolded: (folded, weights) =>
      `${folded} LIKE ${inUcs2([ANYTHING, ...weights.flatMap((one) => [one, ANYTHING])])}`,
  });
}

export function begins(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  return likeOr(searched, wanted, {
    pattern: (text) => `${escapeLike(text)}%`,
    isFolded: (folded, weights) => `${folded} LIKE ${inUcs2([...weights, ANYTHING])}`,
  });
}

export function equals(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  return likeOr(searched, wanted, {
    pattern: escapeLike,
    isFolded: (folded, weights) => `${folded} = ${inUcs2(weights)}`,
  });
}

interface Comparison {
  pattern: (text: string) => string;
  isFolded: (folded: string, weights: string[]) => string;
}

/** LIKE judges what it can, as folding takes many times as long. One text, because Kysely joins parts slowly. */
function likeOr(
  { field, parts = [field] }: Searched,
  wanted: Wanted,
  { pattern, isFolded }: Comparison,
): RawBuilder<SqlBool> {
  const { text, findsEnye, withoutSeparators = false, areUsual = false } = wanted;
  const foldedText = letters.fold(text);
  const like = escape(pattern(withoutSeparators ? leaveOutSeparators(foldedText) : foldedText));
  const isLike = (withoutSeparators ? [withoutSeparatorsSql(field)] : parts).map(
    (one) => `${one} COLLATE ${findsEnye ? ENYE_AS_N : SPANISH} LIKE ${like}`,
  );
  if (areUsual) return sql.raw<SqlBool>(`(${isLike.join(' OR ')})`);
  const { folded, weights } = fold(field, wanted);
  return sql.raw<SqlBool>(
    `(${isLike.join(' OR ')} OR (REGEXP_LIKE(${field}, ${UNUSUAL_SQL}, 'c') AND ${isFolded(folded, weights)}))`,
  );
}

function withoutSeparatorsSql(text: string): string {
  return SEPARATORS.reduce((rest, separator) => `REPLACE(${rest}, '${separator}', '')`, text);
}

/** LIKE would not find "ss" in "ß", so weights are compared: read as UCS-2, each weight is one character. */
function fold(field: string, { text, findsEnye, withoutSeparators = false }: Wanted) {
  const left = new Set(withoutSeparators ? SEPARATORS.flatMap((one) => letters.weights(one)) : []);
  const kept = (weights: string[]) => weights.filter((weight) => !left.has(weight));
  const weights = kept(letters.weights(text));
  const concerned = new Set([...weights, ...left]);
  const rewritten: [string, string[]][] = [
    ...[...left].map((separator): [string, string[]] => [separator, []]),
    ...letters.writtenAs().filter(([, written]) => written.some((weight) => concerned.has(weight))),
  ];
  if (!findsEnye) rewritten.push([ENYE, [TILDE]]);
  const inCollation = `WEIGHT_STRING(${field} COLLATE ${findsEnye ? ENYE_AS_N : SPANISH})`;
  // Not with regular expressions: some weights are surrogates, which these refuse.
  const folded = rewritten.reduce(
    (rest, [from, to]) => `REPLACE(${rest}, ${inUcs2([from])}, ${inUcs2(kept(to))})`,
    `CONVERT(${inCollation} USING ucs2) COLLATE ucs2_bin`,
  );
  return { folded, weights: weights.map((weight) => (weight === ENYE ? TILDE : weight)) };
}

function inUcs2(weights: string[]): string {
  return `_ucs2 X'${weights.join('')}'`;
}

const UNUSUAL_SQL = `_utf8mb4 ${escape(UNUSUAL)}`;
