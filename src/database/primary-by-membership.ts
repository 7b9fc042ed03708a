import type { FindPrimary } from './primary-by-term.ts';
import type { ServerReport } from './server-watch.ts';

/**
 * The member of a replication group that calls itself the primary, takes writes and sees a majority. One that hung may
 * still say so of an earlier view (docs/decisions/replication-groups.md).
 */
export const primaryByMembership: FindPrimary = (reports, known) => {
  const claims = reports.filter(isPrimary).map(({ name, member }) => ({ name, view: member!.view! }));
  const newest = claims.toSorted((a, b) => compareViews(b.view, a.view))[0];
  if (!newest || (known.view && compareViews(newest.view, known.view) < 0))
    return { ...known, name: undefined };
  const isSame = newest.name === known.name && eraOf(newest.view) === eraOf(known.view ?? '');
  return { term: isSame ? known.term : known.term + 1, ...newest };
};

function isPrimary({ reachable, isReadOnly, member }: ServerReport): boolean {
  return (
    reachable && isReadOnly === false && member?.isPrimary === true && member.hasMajority && !!member.view
  );
}

/** A group that was started anew has a later era; in one, the number grows with every change of the members. */
function compareViews(a: string, b: string): number {
  const [eraA, eraB] = [eraOf(a), eraOf(b)];
  return eraA === eraB ? numberOf(a) - numberOf(b) : eraA < eraB ? -1 : 1;
}

function eraOf(view: string): bigint {
  return BigInt(view.split(':')[0]!);
}

function numberOf(view: string): number {
  return Number(view.split(':')[1]);
}
