import { sql, type Kysely } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { IndexedColumns } from './indexed-columns.ts';
import { BATCH_SIZE, indexPending, reindexNext, reindexRenamed } from './indexing.ts';

/** Fewer pending products are as fast to check as to index. */
const WORTH_INDEXING = 100;
/** Indexing slows down writes, so it waits for a pause in them unless this many products are pending. */
const INDEX_ANYWAY = 500;

const hasEnoughPending = sql<boolean>`
  (SELECT COUNT(*) FROM (SELECT id FROM search_pending LIMIT ${sql.lit(WORTH_INDEXING)}) AS some)
    >= ${sql.lit(WORTH_INDEXING)}`;

const isReindexing = sql<boolean>`
  EXISTS (SELECT id FROM search_indexer WHERE reindex_from IS NOT NULL)`;

const hasRenamed = sql<boolean>`EXISTS (SELECT category_id FROM category_rename)`;

/** Runs on every instance; a database lock lets one index at a time. */
export function searchJobs(jobs: Jobs, databases: Databases, columns: IndexedColumns): void {
  let newest: number | null = null;

  async function isWorthIndexing(): Promise<boolean> {
    const found = await databases.catalogue.transact(countPending);
    const isPause = found.newest === newest;
    ({ newest } = found);
    return found.pending >= (isPause ? WORTH_INDEXING : INDEX_ANYWAY);
  }

  jobs.whenDue(
    'search index',
    { group: databases.catalogue, condition: hasEnoughPending },
    async (stopping) => {
      while (!stopping.aborted && (await isWorthIndexing())) {
        if ((await indexPending((work) => databases.catalogue.transact(work), columns)) === 0) return;
      }
    },
  );

  // A batch each time: a long run would slow down writes, and results are no worse than before.
  jobs.whenDue(
    'search index of an earlier version',
    { group: databases.catalogue, condition: isReindexing },
    async () => {
      await databases.catalogue.transact((trx) => reindexNext(trx, columns));
    },
  );

  jobs.whenDue(
    'search index of renamed categories',
    { group: databases.catalogue, condition: hasRenamed },
    async (stopping) => {
      for (let indexed = 0; indexed < BATCH_SIZE && !stopping.aborted;) {
        const some = await databases.catalogue.transact((trx) => reindexRenamed(trx, columns));
        if (some === 0) return;
        indexed += some;
      }
    },
  );
}

async function countPending(db: Kysely<Catalogue>) {
  const { rows } = await sql<{ pending: number; newest: number | null }>`
    SELECT COUNT(*) AS pending, MAX(id) AS newest
    FROM (SELECT id FROM search_pending ORDER BY id DESC LIMIT ${sql.lit(INDEX_ANYWAY)}) AS some`.execute(db);
  return rows[0]!;
}
