import { sql, type Expression, type RawBuilder, type SqlBool } from 'kysely';
import { ENYE, letters } from './letters.ts';
import { escapeLike } from './search-terms.ts';
import { SEPARATORS } from './spelling.ts';

/** The collation of the database, in which ñ is a letter of its own, and one in which n and ñ are equal. */
const SPANISH = sql.raw('utf8mb4_es_0900_ai_ci');
const ENYE_AS_N = sql.raw('utf8mb4_0900_ai_ci');

/** `%` of LIKE; no letter has its code as weight. */
const ANYTHING = '0025';
/** What ñ has in addition to n: stands for ñ, so that n is not found in it. */
const TILDE = ENYE.slice(4);

export interface Wanted {
  /** Learnt by `letters`. */
  text: string;
  findsEnye: boolean;
  /** Leaves separators out of the text and of the field. */
  withoutSeparators?: boolean;
}

type Field = Expression<unknown>;

export function contains(field: Field, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(field, wanted);
  const isFolded = sql<SqlBool>`${folded} LIKE ${inUcs2([ANYTHING, ...weights, ANYTHING])}`;
  return orAsTyped(field, wanted, isFolded, (text) => `%${text}%`);
}

export function containsInOrder(field: Field, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(field, wanted);
  return sql<SqlBool>`${folded} LIKE ${inUcs2([ANYTHING, ...weights.flatMap((one) => [one, ANYTHING])])}`;
}

export function begins(field: Field, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(field, wanted);
  const isFolded = sql<SqlBool>`${folded} LIKE ${inUcs2([...weights, ANYTHING])}`;
  return orAsTyped(field, wanted, isFolded, (text) => `${text}%`);
}

export function equals(field: Field, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(field, wanted);
  return sql<SqlBool>`${folded} = ${inUcs2(weights)}`;
}

/** What LIKE finds without folding is found: most products are, in a fraction of the time. */
function orAsTyped(
  field: Field,
  { text, findsEnye }: Wanted,
  isFolded: RawBuilder<SqlBool>,
  pattern: (escaped: string) => string,
): RawBuilder<SqlBool> {
  if (!letters.isPlain(text)) return isFolded;
  const asTyped = sql`${field} COLLATE ${findsEnye ? ENYE_AS_N : SPANISH} LIKE ${pattern(escapeLike(text))}`;
  return sql<SqlBool>`(${asTyped} OR ${isFolded})`;
}

/**
 * Folds a field as `letters` does, as far as the text has letters concerned. LIKE compares character by
 * character and would not find "ss" in "ß", so weights are compared: as UCS-2, each of them is a character.
 */
function fold(field: Field, { text, findsEnye, withoutSeparators = false }: Wanted) {
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
  return sql<string>`CONVERT(UNHEX(${weights.join('')}) USING ucs2)`;
}
