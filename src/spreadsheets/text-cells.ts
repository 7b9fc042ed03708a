import { textOf, type Cell, type SheetRow } from './spreadsheet.ts';
import { withoutGuard } from './guarded-text.ts';

/** A text as the person means it: without the guard of our exports. */
export function textCell(text: string): Cell {
  if (!text.isWellFormed()) return { is: 'broken', text: text.toWellFormed() };
  return constantOf(text) ?? withoutGuard(text);
}

/** A formula whose result is itself, such as ="007", is a text that someone protected from being changed. */
export function formulaCell(formula: string, result: string): Cell {
  // As LibreOffice writes the values of a cell that is true or false.
  if (/^(true|false)\(\)$/i.test(formula)) return { is: 'boolean', text: result };
  return constantOf(`=${formula}`) ?? { is: 'formula', text: result.toWellFormed() };
}

function constantOf(text: string): string | undefined {
  return /^="((?:[^"]|"")*)"$/.exec(text)?.[1]?.replaceAll('""', '"');
}

export function hasContent({ cells }: SheetRow): boolean {
  return cells.some((cell) => typeof cell === 'object' || textOf(cell).trim() !== '');
}
