import { atMost } from './measure-pages.ts';
import type { Person } from './person.ts';
import type { Row } from './report.ts';
import { figuresOf } from './timing.ts';

const ADMINISTRATOR = 'user=1';
const PAGES_DEEP = 20;

/** Times the page of all movements: the newest by every filter, and those that "older" leads to. */
export async function measureMovements(person: Person, repeats: number): Promise<Row[]> {
  const first: number[] = [];
  const older: number[] = [];
  for (let i = 0; i < repeats; i++) {
    for (const filter of filters()) {
      let query: string | undefined = filter;
      for (let page = 0; page < PAGES_DEEP && query !== undefined; page++) {
        const { text, ms } = await person.get(`/movements?${query}`);
        (page === 0 ? first : older).push(ms);
        query = /rel="next" href="\/movements\?([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
      }
    }
  }
  const firstTimes = figuresOf(first);
  const olderTimes = figuresOf(older);
  return [
    { what: 'movements, any filter', times: firstTimes, ...atMost(firstTimes.p95) },
    { what: 'movements reached by "older"', times: olderTimes, ...atMost(olderTimes.p95) },
  ];
}

function filters(): string[] {
  const today = `from=${new Date().toISOString().slice(0, 10)}`;
  const reasons = ['initial', 'sale', 'import'].map((reason) => `reason=${reason}`);
  const single = ['', today, ADMINISTRATOR, 'product=1', 'document=F-1', ...reasons];
  return [...single, ...reasons.flatMap((reason) => [`${reason}&${ADMINISTRATOR}`, `${reason}&${today}`])];
}
