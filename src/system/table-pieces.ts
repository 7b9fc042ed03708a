import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { GroupTables } from '../database/tables.ts';

const ROWS_PER_PIECE = 1000;
/** Keys of other types neither order as they compare nor fit into JSON; their tables hold no business data. */
const KEY_TYPES = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'char', 'varchar'];

export type Key = (string | number)[];

export interface CheckedTable {
  name: string;
  columns: string[];
  key: string[];
}

/** Rows that follow each other in the primary key, from after `after` up to `upTo`. */
export interface Piece {
  table: CheckedTable;
  after: Key | null;
  /** Null at the end of the table. */
  upTo: Key | null;
}

interface ColumnRow {
  tableName: string;
  name: string;
  type: string;
  keyPosition: number | null;
}

/** The tables that the account may read, by name. Generated columns follow from the others. */
export async function listTables(db: Kysely<GroupTables>): Promise<CheckedTable[]> {
  const { rows } = await sql<ColumnRow>`
    SELECT c.table_name AS tableName, c.column_name AS name, c.data_type AS type,
           k.ordinal_position AS keyPosition
    FROM information_schema.columns AS c
    LEFT JOIN information_schema.key_column_usage AS k
      ON k.table_schema = c.table_schema AND k.table_name = c.table_name
        AND k.column_name = c.column_name AND k.constraint_name = 'PRIMARY'
    WHERE c.table_schema = DATABASE() AND c.generation_expression = ''
    ORDER BY c.table_name, k.ordinal_position`.execute(db);
  return [...Map.groupBy(rows, ({ tableName }) => tableName)]
    .filter(([, columns]) => hasUsableKey(columns))
    .map(([name, columns]) => ({
      name,
      columns: columns.map((column) => column.name),
      key: columns.filter(isInKey).map((column) => column.name),
    }));
}

const isInKey = ({ keyPosition }: ColumnRow) => keyPosition !== null;

function hasUsableKey(columns: ColumnRow[]): boolean {
  const key = columns.filter(isInKey);
  return key.length > 0 && key.every(({ type }) => KEY_TYPES.includes(type));
}

export async function findPiece(
  db: Kysely<GroupTables>,
  table: CheckedTable,
  after: Key | null,
): Promise<Piece> {
  const key = sql.join(table.key.map((column) => sql.id(column)));
  const { rows } = await sql<Record<string, string | number>>`
    SELECT ${key} FROM ${sql.table(table.name)} FORCE INDEX (PRIMARY)
    WHERE ${isAfter(table.key, after)}
    ORDER BY ${key} LIMIT 1 OFFSET ${sql.lit(ROWS_PER_PIECE - 1)}`.execute(db);
  const [last] = rows;
  return { table, after, upTo: last ? table.key.map((column) => last[column]!) : null };
}

export async function readChecksum(db: Kysely<GroupTables>, { table, after, upTo }: Piece): Promise<string> {
  // Binary, because texts of different collations cannot be joined.
  const values = table.columns.map((column) => sql`COALESCE(CAST(${sql.id(column)} AS BINARY), 'NULL')`);
  const isWithin = upTo ? sql<boolean>`NOT ${isAfter(table.key, upTo)}` : sql<boolean>`TRUE`;
  const { rows } = await sql<{ count: number; checksum: number }>`
    SELECT COUNT(*) AS count, BIT_XOR(CRC32(CONCAT_WS('#', ${sql.join(values)}))) AS checksum
    FROM ${sql.table(table.name)} FORCE INDEX (PRIMARY)
    WHERE ${isAfter(table.key, after)} AND ${isWithin}`.execute(db);
  const { count, checksum } = rows[0]!;
  return `${count} ${checksum}`;
}

/** Spelled out, because MySQL finds no range in a comparison of rows. */
function isAfter(key: string[], values: Key | null): RawBuilder<boolean> {
  if (!values) return sql<boolean>`TRUE`;
  const ways = key.map((column, index) => {
    const equal = key.slice(0, index).map((earlier, i) => sql`${sql.id(earlier)} = ${values[i]}`);
    return sql`(${sql.join([...equal, sql`${sql.id(column)} > ${values[index]}`], sql` AND `)})`;
  });
  return sql<boolean>`(${sql.join(ways, sql` OR `)})`;
}
