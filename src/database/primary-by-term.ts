import type { ServerReport } from './server-watch.ts';

/** The primary as far as an instance knows; without a name while no server of that term has been heard of. */
export interface KnownPrimary {
  term: number;
  name: string | undefined;
}

/** How a group tells its primary from what the servers say: another way than by terms can stand beside it. */
export type FindPrimary = (reports: ServerReport[], known: KnownPrimary) => KnownPrimary;

/**
 * The server that the highest term names (docs/decisions/terms.md). An old primary that comes back still
 * takes writes, and has a lower term: it is left alone. Nor does anything change while the primary is away
 * and none has been put in its place.
 */
export const primaryByTerm: FindPrimary = (reports, known) => {
  const reachable = reports.filter((report) => report.reachable);
  const newest = reachable.toSorted((a, b) => (b.term ?? 0) - (a.term ?? 0))[0];
  const { term = 0, primaryUuid } = newest ?? {};
  if (term < known.term || !primaryUuid) return known;
  return { term, name: reports.find(({ uuid }) => uuid === primaryUuid)?.name };
};
