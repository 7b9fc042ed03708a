import type { Readable } from 'node:stream';
import { MAX_COLUMNS, MAX_ROWS, UnreadableFileError } from './spreadsheet.ts';
import { findTags, type InflateBudget } from './xml-stream.ts';

interface Merge {
  top: number;
  bottom: number;
  columns: number[];
}

/** The merged cells of a sheet. They are declared below its rows, so they are looked for first. */
export class Merges {
  readonly #merges: Merge[];
  #next = 0;
  #open: Merge[] = [];

  private constructor(merges: Merge[]) {
    this.#merges = merges.sort((one, other) => one.top - other.top);
  }

  /** @throws UnreadableFileError */
  static async find(sheet: Readable, budget: InflateBudget): Promise<Merges> {
    const merges: Merge[] = [];
    for await (const tag of findTags(sheet, budget, 'mergeCell')) {
      const [, left, top, right, bottom] = /\sref\s*=\s*["']([A-Z]+)(\d+):([A-Z]+)(\d+)["']/.exec(tag) ?? [];
      const first = columnNumber(left);
      if (first === undefined || first >= MAX_COLUMNS || Number(top) >= Number(bottom)) continue;
      if (merges.length === MAX_ROWS) throw new UnreadableFileError('tooLarge');
      const count = Math.min(columnNumber(right) ?? first, MAX_COLUMNS - 1) - first + 1;
      const columns = Array.from({ length: Math.max(1, count) }, (_, index) => first + index);
      merges.push({ top: Number(top), bottom: Number(bottom), columns });
    }
    return new Merges(merges);
  }

  /** The columns that are covered from above. Lines are asked for in ascending order. */
  coveredColumns(line: number): number[] {
    while ((this.#merges[this.#next]?.top ?? Infinity) < line) this.#open.push(this.#merges[this.#next++]!);
    this.#open = this.#open.filter(({ bottom }) => bottom >= line);
    // Merged cells do not overlap.
    if (this.#open.length > MAX_COLUMNS) throw new UnreadableFileError('damaged');
    return this.#open.flatMap(({ columns }) => columns);
  }
}

/** From 0 for A1; undefined beyond three letters. */
export function columnNumber(reference: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,3}(?![A-Z])/.exec(reference ?? '')?.[0];
  if (!letters) return undefined;
  return letters.split('').reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}
