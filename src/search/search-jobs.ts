import { sql, type Kysely } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { IndexedColumns } from './indexed-columns.ts';
import { indexPending } from './indexing.ts';

/** Fewer pending products are as quickly looked at as found by the index. */
const WORTH_INDEXING = 100;
/** While products go on being saved, indexing waits for a pause, as it would slow that down; up to so many. */
const MOST_WAITING = 500;

const isWorthALook = sql<boolean>`
  (SELECT COUNT(*) FROM (SELECT id FROM search_pending LIMIT ${sql.lit(WORTH_INDEXING)}) AS some)
    >= ${sql.lit(WORTH_INDEXING)}`;

/** Keeps the index up to date: every instance tries, and a lock in the database lets one at a time do it. */
export function searchJobs(jobs: Jobs, databases: Databases, columns: IndexedColumns): void {
  /** The newest entry among the pending ones at the last look. */
  let newest: number | null = null;

  async function isWorthIndexing(): Promise<boolean> {
    const found = await databases.catalogue.transact(countPending);
    const isPause = found.newest === newest;
    ({ newest } = found);
    return found.pending >= (isPause ? WORTH_INDEXING : MOST_WAITING);
  }

  jobs.whenDue('search index', { group: databases.catalogue, condition: isWorthALook }, async (stopping) => {
    while (!stopping.aborted && (await isWorthIndexing())) {
      if ((await indexPending((work) => databases.catalogue.transact(work), columns)) === 0) return;
    }
  });
}

async function countPending(db: Kysely<Catalogue>) {
  const { rows } = await sql<{ pending: number; newest: number | null }>`
    SELECT COUNT(*) AS pending, MAX(id) AS newest
    FROM (SELECT id FROM search_pending ORDER BY id DESC LIMIT ${sql.lit(MOST_WAITING)}) AS some`.execute(db);
  return rows[0]!;
}
