import type { Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { Unit } from '../products/unit-queries.ts';
import { escapeLike } from '../search/search-terms.ts';

const PER_PAGE = 100;

export interface UnitPage {
  units: Unit[];
  next: string | undefined;
}

export async function listUnitPage(
  db: Kysely<Catalogue>,
  { search, after }: { search: string; after: string },
): Promise<UnitPage> {
  const like = `%${escapeLike(search)}%`;
  const rows = await db
    .selectFrom('unit')
    .select(['code', 'singular', 'plural', 'decimals'])
    .$if(search !== '', (query) =>
      query.where((eb) => eb.or([eb('code', 'like', like), eb('plural', 'like', like)])),
    )
    .$if(after !== '', (query) => query.where('code', '>', after))
    .orderBy('code')
    .limit(PER_PAGE + 1)
    .execute();
  const units = rows.slice(0, PER_PAGE);
  return { units, next: rows.length > PER_PAGE ? units.at(-1)!.code : undefined };
}
