import { addUsers } from '../support/added-users.ts';
import { firstPageQueries } from './measure-pages.ts';
import type { SearchAnswer } from './measure-search.ts';
import { Person } from './person.ts';
import { CONNECTIONS, type Visitor } from './rate.ts';
import type { BenchSystem } from './system.ts';

const PAGES_EACH = 25;

/** Each visitor pages through a different list, so that no two request the same page. */
export async function visitorsWithOwnPages(system: BenchSystem): Promise<Visitor[]> {
  const usernames = Array.from({ length: CONNECTIONS }, (_, index) => `lector${index}`);
  await addUsers(system.data, usernames);
  const queries = firstPageQueries();
  const visitors: Visitor[] = [];
  for (const [index, username] of usernames.entries()) {
    const person = await Person.signIn(system.url, username);
    // Spread evenly over filters and orders.
    const query = queries[Math.floor((index * queries.length) / CONNECTIONS)]!;
    visitors.push({ headers: person.headers, paths: await pagesOf(person, query) });
    person.close();
  }
  return visitors;
}

async function pagesOf(person: Person, query: string): Promise<string[]> {
  const first = `/api/products?${encodeURI(query)}`;
  const paths = [first];
  while (paths.length < PAGES_EACH) {
    const { nextCursor } = await person.getJson<SearchAnswer>(paths.at(-1)!);
    if (!nextCursor) break;
    paths.push(`${first}&cursor=${nextCursor}`);
  }
  return paths;
}
