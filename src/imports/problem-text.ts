import type { TFunction } from 'i18next';
import type { Findings } from './import-queries.ts';
import type { Problem } from './row-check.ts';

/** `Columna «Cantidad»: reason («cell text»)`, with the header from the file. */
export function describeProblem(
  { field, key, values, typed }: Problem,
  { findings }: { findings: Findings | null },
  t: TFunction,
): string {
  const reason = t(key, { ...values, where: placeOf(values, findings, t) });
  const column = field && findings?.headers[findings.columns.indexOf(field)];
  const full = column ? t('imports.problemIn', { column, reason }) : reason;
  return typed ? t('imports.problemTyped', { problem: full, typed }) : full;
}

function placeOf(values: Problem['values'], findings: Findings | null, t: TFunction): string {
  const { line, sheet } = (values ?? {}) as { line?: number; sheet?: number };
  return line === undefined ? '' : describePlace({ line, sheet: sheet ?? 0 }, findings, t);
}

export function describePlace(
  { line, sheet }: { line: number; sheet: number },
  findings: Findings | null,
  t: TFunction,
): string {
  const sheets = findings?.sheets ?? [];
  return sheets.length > 1
    ? t('imports.placeInSheet', { line, sheet: sheets[sheet] })
    : t('imports.place', { line });
}

/** The columns that are not imported, with their letters in a spreadsheet program: two may have the same name. */
export function unreadColumns(findings: Findings | null, t: TFunction): string[] {
  const { headers = [], columns = [] } = findings ?? {};
  return headers.flatMap((header, index) => {
    if (columns[index]) return [];
    return header ? `${header} (${letterOf(index)})` : t('imports.noName', { number: index + 1 });
  });
}

function letterOf(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : letterOf(Math.floor(index / 26) - 1) + letter;
}
