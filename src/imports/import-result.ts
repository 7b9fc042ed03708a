import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import type { TFunction } from 'i18next';
import type { DatabaseConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { choicesOf, listImportRows, type ImportDetails, type ImportRow } from './import-queries.ts';
import { decimalMarkIn, type Field } from './import-fields.ts';
import { describeProblem } from './problem-text.ts';
import { readCells } from './reading-process.ts';
import { fieldText } from './row-check.ts';
import { CSV_FORMAT } from '../spreadsheets/csv-format.ts';
import type { NumberMark } from '../locales/typed-numbers.ts';
import type { Cell } from '../spreadsheets/spreadsheet.ts';

const BATCH = 500;

/** @param options `onlyWrong` makes a file of the wrong rows, to be corrected and uploaded again */
export async function writeResult(
  { config, databases }: { config: DatabaseConfig; databases: Databases },
  found: ImportDetails & { reading: number },
  { out, signal, t, onlyWrong }: { out: Writable; signal: AbortSignal; t: TFunction; onlyWrong: boolean },
): Promise<void> {
  const { headers, columns } = found.findings!;
  const results = readResults(databases, found);
  const { header, text } = choicesOf(found.findings);
  const decimalMark = decimalMarkIn(headers);
  const kinds = found.state === 'applied' ? 'applied.kinds' : 'kinds';
  async function* records() {
    const { file, fileBytes } = found;
    for await (const cells of readCells(config, { file, fileBytes, header, text }, signal)) {
      const { value: result } = (await results.next()) as { value: ImportRow | undefined };
      if (onlyWrong && result?.kind !== 'wrong') continue;
      const problems = (result?.problems ?? []).map((problem) => describeProblem(problem, found, t));
      const kind = result ? t(`imports.${kinds}.${result.kind}`) : '';
      const texts = headers.map((_, index) => textIn(columns[index], cells[index], decimalMark));
      yield [...texts, kind, problems.join(' ')];
    }
  }
  const format = stringify({
    ...CSV_FORMAT,
    header: true,
    columns: [...headers, t('imports.resultColumn'), t('imports.errorColumn')].map((header, index) => ({
      key: String(index),
      header,
    })),
  });
  await pipeline(Readable.from(records()), format, out);
}

function textIn(
  field: Field | null | undefined,
  cell: Cell | null | undefined,
  decimalMark: NumberMark | undefined,
): string {
  const text = fieldText(field, cell);
  const isNumber = field === 'quantity' && typeof cell === 'object' && cell !== null && 'plain' in cell;
  return isNumber && decimalMark ? text.replace('.', decimalMark) : text;
}

async function* readResults(
  databases: Databases,
  { id, reading }: { id: number; reading: number },
): AsyncGenerator<ImportRow> {
  for (let after = 0; ;) {
    const rows = await databases.catalogue.transact((db) =>
      listImportRows(db, { id, reading }, { after, limit: BATCH }),
    );
    yield* rows;
    if (rows.length < BATCH) return;
    after = rows.at(-1)!.number;
  }
}
