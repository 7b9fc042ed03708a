import { sql, type Expression, type RawBuilder, type SqlBool } from 'kysely';
import { ENYE, letters } from './letters.ts';
import { escapeLike } from './search-terms.ts';
import { SEPARATORS, withoutSeparators as leaveOutSeparators } from './spelling.ts';

/** The collation of the database, in which ñ is a letter of its own, and one in which n and ñ are equal. */
const SPANISH = sql.raw('utf8mb4_es_0900_ai_ci');
const ENYE_AS_N = sql.raw('utf8mb4_0900_ai_ci');

/** `%` of LIKE; no letter has its code as weight. */
const ANYTHING = '0025';
/** What ñ has in addition to n: stands for ñ, so that n is not found in it. */
const TILDE = ENYE.slice(4);

/** All but the commonest characters that LIKE compares as the search does: one weight each, written as themselves. */
export const UNUSUAL = '[^\n !#-_a-z{-~ªºÁÉÍÓÚÜÑÇÀÈÌÒÙÂÊÎÔÛÄËÏÖÃÕáéíóúüñçàèìòùâêîôûäëïöãõ]';

export interface Wanted {
  /** Learnt by `letters`. */
  text: string;
  findsEnye: boolean;
  /** Leaves separators out of the text and of the field. */
  withoutSeparators?: boolean;
}

export interface Searched {
  field: Expression<unknown>;
  /** A column with the field's text without separators. */
  plainField?: Expression<unknown>;
}

export function contains(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(searched, wanted);
  const isFolded = sql<SqlBool>`${folded} LIKE ${inUcs2([ANYTHING, ...weights, ANYTHING])}`;
  return likeOr(searched, wanted, (text) => `%${escapeLike(text)}%`, isFolded);
}

export function containsInOrder(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(searched, wanted);
  const isFolded = sql<SqlBool>`${folded} LIKE ${inUcs2([ANYTHING, ...weights.flatMap((one) => [one, ANYTHING])])}`;
  return likeOr(searched, wanted, (text) => `%${Array.from(text, escapeLike).join('%')}%`, isFolded);
}

export function begins(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(searched, wanted);
  const isFolded = sql<SqlBool>`${folded} LIKE ${inUcs2([...weights, ANYTHING])}`;
  return likeOr(searched, wanted, (text) => `${escapeLike(text)}%`, isFolded);
}

export function equals(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(searched, wanted);
  return likeOr(searched, wanted, escapeLike, sql<SqlBool>`${folded} = ${inUcs2(weights)}`);
}

/** Folding takes many times as long as LIKE, so it is left to fields that LIKE cannot judge. */
function likeOr(
  { field, plainField = withoutSeparatorsSql(field) }: Searched,
  { text, findsEnye, withoutSeparators = false }: Wanted,
  pattern: (text: string) => string,
  isFolded: RawBuilder<SqlBool>,
): RawBuilder<SqlBool> {
  const collation = findsEnye ? ENYE_AS_N : SPANISH;
  const isLike = (one: Expression<unknown>, folded: string) =>
    sql<SqlBool>`${one} COLLATE ${collation} LIKE ${pattern(folded)}`;
  const folded = letters.fold(text);
  return sql<SqlBool>`(
    ${withoutSeparators ? isLike(plainField, leaveOutSeparators(folded)) : isLike(field, folded)}
    OR (REGEXP_LIKE(${field}, ${UNUSUAL}, 'c') AND ${isFolded}))`;
}

function withoutSeparatorsSql(text: Expression<unknown>): RawBuilder<string> {
  return SEPARATORS.reduce(
    (rest, separator) => sql<string>`REPLACE(${rest}, ${sql.lit(separator)}, '')`,
    sql<string>`${text}`,
  );
}

/**
 * Folds a field as `letters` does, as far as the text has letters concerned. LIKE compares character by
 * character and would not find "ss" in "ß", so weights are compared: as UCS-2, each of them is a character.
 */
function fold({ field }: Searched, { text, findsEnye, withoutSeparators = false }: Wanted) {
  const left = new Set(withoutSeparators ? SEPARATORS.flatMap((one) => letters.weights(one)) : []);
  const kept = (weights: string[]) => weights.filter((weight) => !left.has(weight));
  const weights = kept(letters.weights(text));
  const concerned = new Set([...weights, ...left]);
  const rewritten: [string, string[]][] = [
    ...[...left].map((separator): [string, string[]] => [separator, []]),
    ...letters.writtenAs().filter(([, written]) => written.some((weight) => concerned.has(weight))),
  ];
  if (!findsEnye) rewritten.push([ENYE, [TILDE]]);
  const inCollation = sql`WEIGHT_STRING(${field} COLLATE ${findsEnye ? ENYE_AS_N : SPANISH})`;
  const folded = rewritten.reduce(
    (rest, [from, to]) => sql`REPLACE(${rest}, ${inUcs2([from])}, ${inUcs2(kept(to))})`,
    sql`CONVERT(${inCollation} USING ucs2) COLLATE ucs2_bin`,
  );
  return { folded, weights: weights.map((weight) => (weight === ENYE ? TILDE : weight)) };
}

function inUcs2(weights: string[]): RawBuilder<string> {
  return sql<string>`${sql.raw(`_ucs2 X'${weights.join('')}'`)}`;
}
