import { sql, type Expression, type Kysely, type RawBuilder } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { initialGram } from './grams.ts';
import type { TextColumn } from './indexed-columns.ts';

/** The first letter's weight in the collation, in hexadecimal. */
export function initialOf(text: Expression<unknown>): RawBuilder<string> {
  return sql<string>`HEX(LEFT(WEIGHT_STRING(${text}), 2))`;
}

/** Includes initials that products no longer have. */
export async function listInitials(db: Kysely<Catalogue>, column: TextColumn, start: unknown) {
  const prefix = initialGram(column, '');
  const { rows } = await sql<{ initial: string; isStart: 0 | 1 }>`
    SELECT DISTINCT SUBSTRING(gram, ${prefix.length + 1}) AS initial, FALSE AS isStart
    FROM search_posting WHERE gram >= ${prefix} AND gram < ${`${prefix}~`}
    UNION
    SELECT ${initialOf(sql.ref(column))}, FALSE
    FROM search_pending JOIN product ON product.id = search_pending.product_id
    UNION
    SELECT ${initialOf(sql`CONVERT(${start} USING utf8mb4) COLLATE utf8mb4_es_0900_ai_ci`)}, TRUE
    WHERE ${start !== undefined}
    ORDER BY initial`.execute(db);
  const known = rows.filter(({ isStart }) => isStart === 0);
  return {
    initials: known.map(({ initial }) => initial),
    start: rows.find(({ isStart }) => isStart === 1)?.initial,
  };
}
