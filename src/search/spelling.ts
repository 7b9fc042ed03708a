import { sql, type Expression, type RawBuilder } from 'kysely';

/** Do not matter in codes and part numbers; the column `product.plain_code` is without them too. */
const SEPARATORS = ['-', '_', '.', '/', ' '];
const ANY_SEPARATOR = /[-_./ ]/g;

export function withoutSeparators(text: string): string {
  return text.replace(ANY_SEPARATOR, '');
}

export function withoutSeparatorsSql(text: Expression<unknown>): RawBuilder<string> {
  return SEPARATORS.reduce(
    (rest, separator) => sql<string>`REPLACE(${rest}, ${sql.lit(separator)}, '')`,
    sql<string>`${text}`,
  );
}

/** The collation of the database, in which ñ is a letter of its own, and one in which n and ñ are equal. */
export const SPANISH = sql.raw('utf8mb4_es_0900_ai_ci');
export const ENYE_AS_N = sql.raw('utf8mb4_0900_ai_ci');

/** @param folded with n also where ñ may stand */
export function spellingsWithEnye(folded: string): string[] {
  return Array.from(folded).reduce(
    (starts, letter) =>
      starts.flatMap((start) => (letter === 'n' ? [`${start}n`, `${start}ñ`] : [start + letter])),
    [''],
  );
}
