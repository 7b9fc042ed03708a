import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import type { TFunction } from 'i18next';
import type { DatabaseConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { listImportRows, type ImportDetails, type ImportRow } from './import-queries.ts';
import { describeProblem } from './problem-text.ts';
import { readCells } from './reading-process.ts';
import { textOf } from '../spreadsheets/spreadsheet.ts';

const BATCH = 500;

export async function writeResult(
  { config, databases }: { config: DatabaseConfig; databases: Databases },
  found: ImportDetails & { reading: number },
  { out, signal, t }: { out: Writable; signal: AbortSignal; t: TFunction },
): Promise<void> {
  const { headers } = found.findings!;
  const results = readResults(databases, found);
  async function* records() {
    const file = { file: found.file, bytes: found.fileBytes };
    for await (const cells of readCells(config, file, signal)) {
      const { value: result } = (await results.next()) as { value: ImportRow | undefined };
      const problems = (result?.problems ?? []).map((problem) => describeProblem(problem, found, t));
      const kind = result ? t(`imports.kinds.${result.kind}`) : '';
      yield [...headers.map((_, index) => textOf(cells[index])), kind, problems.join(' ')];
    }
  }
  const format = stringify({
    bom: true,
    delimiter: ';',
    record_delimiter: 'windows',
    header: true,
    columns: [...headers, t('imports.resultColumn'), t('imports.errorColumn')].map((header, index) => ({
      key: String(index),
      header,
    })),
    escape_formulas: true,
    quoted_match: /[\r\n]/,
  });
  await pipeline(Readable.from(records()), format, out);
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
