import type { Person } from './person.ts';
import type { Row } from './report.ts';
import { pathOf, SEARCH_TERMS } from './search-terms.ts';
import { figuresOf, type Figures } from './timing.ts';

export interface SearchAnswer {
  items: { id: number; name: string }[];
  total: number;
  totalIsExact: boolean;
  nextCursor: string | null;
}

export interface TermResult {
  kind: string;
  path: string;
  total: number;
  totalIsExact: boolean;
  /** Counted by a full scan. */
  really?: number;
  times: Figures;
}

export interface SearchResult {
  rows: Row[];
  terms: TermResult[];
  times: Figures;
}

/** Times all terms sequentially, after one untimed pass. */
export async function measureSearch(person: Person, repeats: number): Promise<SearchResult> {
  const times: number[][] = SEARCH_TERMS.map(() => []);
  const answers: SearchAnswer[] = [];
  for (const term of SEARCH_TERMS) answers.push(await person.getJson<SearchAnswer>(pathOf(term)));
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const [index, term] of SEARCH_TERMS.entries())
      times[index]!.push((await person.getUnkept(pathOf(term))).ms);
  }
  const terms = SEARCH_TERMS.map((term, index) => ({
    kind: term.kind,
    path: decodeURIComponent(pathOf(term)),
    total: answers[index]!.total,
    totalIsExact: answers[index]!.totalIsExact,
    times: figuresOf(times[index]!),
  }));
  return { rows: rowsOf(terms, times), terms, times: figuresOf(times.flat()) };
}

function rowsOf(terms: TermResult[], times: number[][]): Row[] {
  const all = figuresOf(times.flat());
  // By median, so that one slow request does not decide.
  const slowest = terms.toSorted((a, b) => b.times.p50 - a.times.p50)[0]!;
  const kinds = [...new Set(terms.map(({ kind }) => kind))];
  return [
    {
      what: `search, ${terms.length} terms`,
      times: all,
      target: 'p50 ≤ 10, p95 ≤ 50, no term > 150',
      isMet: all.p50 <= 10 && all.p95 <= 50 && slowest.times.p50 <= 150,
      note: `slowest ${slowest.path}: ${slowest.times.p50.toFixed(1)} ms`,
    },
    ...kinds.map((kind) => ({
      what: `  ${kind}`,
      times: figuresOf(times.filter((_, index) => terms[index]!.kind === kind).flat()),
    })),
  ];
}

/** Totals are exact up to 10,000 and lower bounds above. */
export function totalsRow(terms: TermResult[]): Row {
  const wrong = terms.filter(({ total, totalIsExact, really }) =>
    totalIsExact ? total !== really : really! < total,
  );
  return {
    what: 'totals of the terms',
    target: 'exact, or "more than"',
    isMet: wrong.length === 0,
    ...(wrong.length > 0 && {
      note: wrong.map(({ path, total, really }) => `${path} says ${total}, there are ${really}`).join('; '),
    }),
  };
}
