import type { FindPrimary } from './primary-by-term.ts';
import type { GroupView, ServerReport } from './server-watch.ts';

/**
 * The member of a replication group that calls itself the primary, takes writes and sees a majority. One that hung may
 * still say so of an earlier view (docs/decisions/replication-groups.md).
 */
export const primaryByMembership: FindPrimary = (reports, known) => {
  const claims = reports.flatMap(({ name, member, ...report }) =>
    member?.view && isPrimary({ name, member, ...report }) ? [{ name, view: member.view }] : [],
  );
  const newest = claims.toSorted((a, b) => compareViews(b.view, a.view))[0];
  if (!newest || (known.view && compareViews(newest.view, known.view) < 0)) return { ...known, name: undefined };
  const isSame = newest.name === known.name && newest.view.era === known.view?.era;
  return { term: isSame ? known.term : known.term + 1, ...newest };
};

function isPrimary({ reachable, isReadOnly, member }: ServerReport): boolean {
  return reachable && isReadOnly === false && member?.isPrimary === true && member.hasMajority;
}

function compareViews(a: GroupView, b: GroupView): number {
  return a.era === b.era ? a.number - b.number : a.era < b.era ? -1 : 1;
}
