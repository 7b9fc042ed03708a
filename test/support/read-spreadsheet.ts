import { decimalMarkIn, rateHeaders, recogniseColumns, type Field } from '../../src/imports/import-fields.ts';
import { checkRow, type Problem } from '../../src/imports/row-check.ts';
import { PART_BYTES } from '../../src/spreadsheets/file-source.ts';
import { openSpreadsheet } from '../../src/spreadsheets/open-spreadsheet.ts';
import { UnreadableFileError, type Spreadsheet } from '../../src/spreadsheets/spreadsheet.ts';

export interface ReadRow {
  values: Partial<Record<Field, string | number>>;
  problems: Problem[];
}

export interface ReadSpreadsheet extends Omit<Spreadsheet, 'rows'> {
  columns: (Field | null)[];
  rows: ReadRow[];
  hiddenRows: number;
}

/** Reads a file as an import does, up to the comparison with the products. @throws UnreadableFileError */
export async function readSpreadsheet(content: Buffer): Promise<ReadSpreadsheet> {
  const file = {
    bytes: content.length,
    fetchPart: (part: number) =>
      Promise.resolve(content.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)),
  };
  const { rows: batches, ...opened } = await openSpreadsheet(file, { rate: rateHeaders });
  const columns = recogniseColumns(opened.headers);
  const decimalMark = decimalMarkIn(opened.headers);
  const rows: ReadRow[] = [];
  let hiddenRows = 0;
  for await (const batch of batches()) {
    for (const { cells, flaw, isHidden } of batch) {
      if (isHidden) hiddenRows++;
      const { problems, ...fields } = checkRow(cells, columns, { erases: false, flaw, decimalMark });
      const given = Object.entries(fields).filter(([, value]) => value !== null);
      rows.push({ values: Object.fromEntries(given), problems });
    }
  }
  return { ...opened, columns, rows, hiddenRows };
}

/** Why the file is refused, or undefined. */
export async function refusalOf(content: Buffer): Promise<string | undefined> {
  try {
    await readSpreadsheet(content);
  } catch (error) {
    if (error instanceof UnreadableFileError) return error.reason;
    throw error;
  }
  return undefined;
}
