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

export interface Wanted {
  /** Learnt by `letters`. */
  text: string;
  findsEnye: boolean;
  /** Leaves separators out of the text and of the field. */
  withoutSeparators?: boolean;
}

export interface Searched {
  field: Expression<unknown>;
  /** The field, or a part of it, without separators. */
  plainField?: Expression<unknown>;
}

export function contains(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(searched, wanted);
  const isFolded = sql<SqlBool>`${folded} LIKE ${inUcs2([ANYTHING, ...weights, ANYTHING])}`;
  return orUnfolded(searched, wanted, (text) => `%${escapeLike(text)}%`, isFolded);
}

export function containsInOrder(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(searched, wanted);
  const isFolded = sql<SqlBool>`${folded} LIKE ${inUcs2([ANYTHING, ...weights.flatMap((one) => [one, ANYTHING])])}`;
  const inOrder = (text: string) => `%${Array.from(text, escapeLike).join('%')}%`;
  return orUnfolded(searched, wanted, inOrder, isFolded);
}

export function begins(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(searched, wanted);
  const isFolded = sql<SqlBool>`${folded} LIKE ${inUcs2([...weights, ANYTHING])}`;
  return orUnfolded(searched, wanted, startingWith, ifInitialFits(searched, wanted, isFolded));
}

export function equals(searched: Searched, wanted: Wanted): RawBuilder<SqlBool> {
  const { folded, weights } = fold(searched, wanted);
  const isFolded = sql<SqlBool>`${folded} = ${inUcs2(weights)}`;
  return orUnfolded(searched, wanted, escapeLike, ifInitialFits(searched, wanted, isFolded));
}

/** LIKE finds most of what is found, in a fraction of the time that folding takes. */
function orUnfolded(
  { field, plainField }: Searched,
  { text, findsEnye, withoutSeparators }: Wanted,
  pattern: (text: string) => string,
  isFolded: RawBuilder<SqlBool>,
): RawBuilder<SqlBool> {
  if (!letters.isPlain(text)) return isFolded;
  const ways = [isLike(field, findsEnye, pattern(text)), isFolded];
  if (plainField && withoutSeparators)
    ways.unshift(isLike(plainField, findsEnye, pattern(leaveOutSeparators(text))));
  return sql<SqlBool>`(${sql.join(ways, sql` OR `)})`;
}

/** Passes over fields that begin with another ASCII letter or digit. Other characters may fold to the initial. */
function ifInitialFits(
  { field }: Searched,
  { text, findsEnye, withoutSeparators }: Wanted,
  isFolded: RawBuilder<SqlBool>,
): RawBuilder<SqlBool> {
  const [initial] = withoutSeparators ? leaveOutSeparators(text) : text;
  if (initial === undefined || !letters.isPlain(initial)) return isFolded;
  const hasInitial = isLike(field, findsEnye, startingWith(initial));
  return sql<SqlBool>`(
    (ORD(${field}) NOT BETWEEN ORD('0') AND ORD('z') OR ORD(${field}) BETWEEN ORD('[') AND ORD('\`') OR ${hasInitial})
    AND ${isFolded})`;
}

function isLike(field: Expression<unknown>, findsEnye: boolean, pattern: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`${field} COLLATE ${findsEnye ? ENYE_AS_N : SPANISH} LIKE ${pattern}`;
}

function startingWith(text: string): string {
  return `${escapeLike(text)}%`;
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
