import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify, type Options } from 'csv-stringify/sync';
import { CSV_FORMAT } from './csv-format.ts';
import type { Decimal } from './workbook-writer.ts';

export interface CsvTable {
  titles: string[];
  /** In batches. */
  rows: AsyncIterable<unknown[][]>;
  /** How values other than texts are written. */
  cast: Options['cast'];
}

/** As UTF-8 that begins with a byte order mark. */
export async function writeCsvTable({ titles, rows, cast }: CsvTable, out: Writable): Promise<void> {
  const format = { ...CSV_FORMAT, cast: { ...CSV_FORMAT.cast, ...cast } };
  async function* text() {
    yield Buffer.from(stringify([titles], format));
    for await (const some of rows) yield Buffer.from(stringify(some, { ...format, bom: false }));
  }
  await pipeline(Readable.from(text()), out);
}

/** For `cast.object`: of the cells of a table only a `Decimal` is an object. */
export function decimalWith(mark: string) {
  return (cell: unknown) => (cell as Decimal).text.replace('.', mark);
}
