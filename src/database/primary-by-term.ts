import type { ServerReport } from './server-watch.ts';

/** `name` is undefined while the server of that term is unknown. */
export interface KnownPrimary {
  term: number;
  name: string | undefined;
  /** Of a replication group, as its primary reported it. */
  view?: string;
}

export type FindPrimary = (reports: ServerReport[], known: KnownPrimary) => KnownPrimary;

/** The highest term wins (docs/decisions/terms.md): an old primary that comes back still accepts writes. */
export const primaryByTerm: FindPrimary = (reports, known) => {
  const reachable = reports.filter((report) => report.reachable);
  const newest = reachable.toSorted((a, b) => (b.term ?? 0) - (a.term ?? 0))[0];
  const { term = 0, primaryUuid } = newest ?? {};
  if (term < known.term || !primaryUuid) return known;
  return { term, name: reports.find(({ uuid }) => uuid === primaryUuid)?.name };
};
