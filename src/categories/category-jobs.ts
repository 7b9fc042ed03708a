import { sql, type Transaction } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { deleteFormerNames } from './category-changes.ts';
import { finishMerge, MERGE_CATEGORY } from './category-merge.ts';

const ROWS_AT_ONCE = 500;

export function categoryJobs(jobs: Jobs, databases: Databases): void {
  jobs.handle(MERGE_CATEGORY, ({ source }, { signal }) => finishMerge(databases, source, signal));
  jobs.cleanUp('category counts', databases.catalogue, addUpCounts);
  jobs.cleanUp('former names of categories', databases.catalogue, deleteFormerNames);
}

export async function addUpCounts(trx: Transaction<Catalogue>): Promise<{ numAffectedRows: bigint }> {
  const rows = await trx
    .selectFrom('category_count')
    .selectAll()
    .where('writer', '>', 0)
    .limit(ROWS_AT_ONCE)
    .forUpdate()
    .skipLocked()
    .execute();
  for (const [category_id, some] of Map.groupBy(rows, (row) => row.category_id)) {
    const products = some.reduce((sum, row) => sum + row.products, 0);
    await sql`
      INSERT INTO category_count (category_id, writer, products) VALUES (${category_id}, 0, ${products})
      ON DUPLICATE KEY UPDATE products = products + VALUES(products)`.execute(trx);
    await trx
      .deleteFrom('category_count')
      .where('category_id', '=', category_id)
      .where(
        'writer',
        'in',
        some.map(({ writer }) => writer),
      )
      .execute();
  }
  return { numAffectedRows: BigInt(rows.length) };
}
