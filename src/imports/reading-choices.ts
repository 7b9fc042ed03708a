import { z } from 'zod';
import { HttpError } from '../http/http-error.ts';
import { NO_PLACE, type HeaderChoice, type TextChoice } from '../spreadsheets/spreadsheet.ts';
import { FIELDS, type Field } from './import-fields.ts';
import { choicesOf, type Findings, type ImportDetails, type ReadingChoices } from './import-queries.ts';
import { readTextChoice } from './text-choice.ts';

/** Other headings make the columns be recognised anew; another encoding or delimiter, the headings too. */
export function readChoices(
  body: unknown,
  { findings, state }: ImportDetails,
): ReadingChoices & { header: HeaderChoice } {
  const fields = (body ?? {}) as Record<string, unknown>;
  const { header: before = 'first', text: textBefore } = choicesOf(findings);
  const erases = fields.erases === 'yes';
  const text = textBefore && readTextChoice(fields, textBefore);
  if (text && !isSameText(text, textBefore)) return { header: NO_PLACE, columns: [], erases, text };
  const header = findings?.firstRows?.find((row) => placeName(row) === fields.header);
  if (header && placeName(header) !== placeName(before)) {
    const { sheet, line } = header;
    return { header: { sheet, line }, columns: [], erases, text };
  }
  if (state === 'refused') return { header: before, columns: [], erases, text };
  return { header: before, columns: readColumns(fields, findings?.headers.length ?? 0), erases, text };
}

function isSameText(one: TextChoice, other: TextChoice): boolean {
  return one.encoding === other.encoding && one.delimiter === other.delimiter;
}

function placeName(place: HeaderChoice): string {
  return place === 'first' ? place : `${place.sheet}:${place.line}`;
}

export function headerOf(findings: Findings | null) {
  const header = choicesOf(findings).header;
  if (!findings?.firstRows || typeof header !== 'object') return undefined;
  const rows = findings.firstRows.map((row) => ({ ...row, value: placeName(row) }));
  const current = rows.find(({ value }) => value === placeName(header));
  const hasRowsAbove = rows.some(({ sheet, line }) => sheet === header.sheet && line < header.line);
  return current && { rows, current, hasRowsAbove };
}

function readColumns(fields: Record<string, unknown>, count: number): (Field | null)[] {
  const columns = Array.from({ length: count }, (_, index) =>
    z.enum(FIELDS).nullable().catch(null).parse(fields[`column${index}`]),
  );
  const taken = columns.filter((column) => column !== null);
  if (new Set(taken).size < taken.length) throw new HttpError(422, 'imports.errors.assignedTwice');
  return columns;
}
