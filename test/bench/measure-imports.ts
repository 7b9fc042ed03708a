import type { Row } from './report.ts';

/** The place for the import of 100,000 rows: preview ≤ 15 s, apply ≤ 60 s, ≤ 200 MB, other requests fast. */
export async function measureImports(): Promise<Row[]> {
  return Promise.resolve([]);
}
