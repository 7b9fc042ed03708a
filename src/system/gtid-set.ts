type Interval = [first: number, last: number];

/** By source: its UUID, or `uuid:tag`. Intervals are inclusive. */
export type GtidSet = Map<string, Interval[]>;

/** `text` as MySQL writes it: `uuid:1-7:9,uuid2:1-3`, with tags `uuid:1-7:tag:1-2`. */
export function parseGtidSet(text: string): GtidSet {
  const set: GtidSet = new Map();
  for (const part of text.split(',')) {
    const [uuid, ...rest] = part.trim().toLowerCase().split(':');
    if (!uuid) continue;
    let source = uuid;
    for (const piece of rest) {
      const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(piece) ?? [];
      if (first === undefined) source = `${uuid}:${piece}`;
      else set.set(source, [...(set.get(source) ?? []), [Number(first), Number(last)]]);
    }
  }
  return set;
}

export function countTransactions(set: GtidSet): number {
  const intervals = [...set.values()].flat();
  return intervals.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** In `other` but not in `set`, like MySQL's GTID_SUBTRACT(other, set). */
export function missingFrom(set: GtidSet, other: GtidSet): GtidSet {
  const missing: GtidSet = new Map();
  for (const [source, intervals] of other) {
    const known = (set.get(source) ?? []).toSorted(([a], [b]) => a - b);
    const left = intervals.flatMap((interval) => cutOut(interval, known));
    if (left.length > 0) missing.set(source, left);
  }
  return missing;
}

function cutOut([first, last]: Interval, known: Interval[]): Interval[] {
  const left: Interval[] = [];
  let next = first;
  for (const [knownFirst, knownLast] of known) {
    if (knownLast < next || knownFirst > last) continue;
    if (knownFirst > next) left.push([next, knownFirst - 1]);
    next = knownLast + 1;
  }
  if (next <= last) left.push([next, last]);
  return left;
}

export function hasTransaction(set: GtidSet, source: string, number: number): boolean {
  return (set.get(source) ?? []).some(([first, last]) => first <= number && number <= last);
}

export function formatGtidSet(set: GtidSet): string {
  return [...set]
    .map(([source, intervals]) =>
      [source, ...intervals.map(([first, last]) => (first === last ? first : `${first}-${last}`))].join(':'),
    )
    .join(',');
}
