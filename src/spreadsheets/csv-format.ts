import type { Options } from 'csv-stringify';
import { guarded } from './guarded-text.ts';

/** Semicolons and UTF-8 with a byte order mark, as Excel in Spanish expects. */
export const CSV_FORMAT = {
  bom: true,
  delimiter: ';',
  record_delimiter: 'windows',
  // csv-stringify quotes only on its own record delimiter; descriptions contain others.
  quoted_match: /[\r\n]/,
  cast: { string: guarded },
} satisfies Options;
