import type { Figures } from './timing.ts';

export interface Row {
  what: string;
  /** Milliseconds. */
  times?: Figures;
  /** Per second. */
  rate?: number;
  /** Megabytes. */
  memory?: number;
  /** Multiple of the bare route's median. */
  timesFloor?: number;
  /** Share of the bare route's rate. */
  shareOfFloor?: number;
  target?: string;
  isMet?: boolean;
  note?: string;
}

const COLUMNS = [
  '',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'max ms',
  'rate /s',
  'MB',
  'x floor',
  'target',
  '',
] as const;

export function formatTable(rows: Row[]): string {
  const lines = [[...COLUMNS], ...rows.map(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const isText = (column: number) => column === 0 || column >= 9;
  const pad = (cell: string, column: number) =>
    isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  const notes = rows.filter(({ note }) => note).map(({ what, note }) => `${what}: ${note}`);
  return [...lines.map((line) => line.map(pad).join('  ').trimEnd()), '', ...notes].join('\n');
}

function cellsOf({ what, times, timesFloor, rate, shareOfFloor, memory, target = '', isMet }: Row): string[] {
  const { p50, p95, p99, max } = times ?? {};
  return [
    what,
    ...[p50, p95, p99, max].map((ms) => formatNumber(ms)),
    formatNumber(timesFloor),
    formatNumber(rate),
    formatNumber(shareOfFloor, 2),
    formatNumber(memory),
    target,
    isMet === undefined ? '' : isMet ? 'met' : 'NOT MET',
  ];
}

function formatNumber(value: number | undefined, digits = 1): string {
  if (value === undefined) return '';
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(digits);
}
