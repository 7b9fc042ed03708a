import { setTimeout as sleep } from 'node:timers/promises';
import type { ProductJson } from '../support/client.ts';
import type { SearchAnswer } from './measure-search.ts';
import type { Person } from './person.ts';
import type { Row } from './report.ts';
import { figuresOf, type Figures } from './timing.ts';

const LIMIT_MS = 15;
const OTHERS_LIMIT_MS = 1000;

/**
 * Opening, saving, counting; and how soon a search shows it, to oneself and to somebody else. What runs for the
 * first time is compiled first, in each of the instances: the first `warmUp` do not count.
 */
export async function measureEdits(
  person: Person,
  other: Person,
  { repeats, warmUp }: { repeats: number; warmUp: number },
): Promise<Row[]> {
  const times = { open: [] as number[], save: [] as number[], count: [] as number[], others: [] as number[] };
  let isSeenByOneself = true;
  for (const [index, { id, version, name, code, description, category, quantity, unit }] of (
    await someProducts(person, warmUp + repeats)
  ).entries()) {
    times.open.push((await person.get(`/products/${id}`)).ms);
    // A word that nothing else has: whoever finds it has found this change.
    const word = `Zq${index}w${id}`;
    const form = {
      name: `${name.slice(0, 70)} ${word}`,
      code,
      description,
      category,
      quantity,
      unit,
      version,
    };
    times.save.push((await person.post(`/products/${id}`, form)).ms);
    const saved = performance.now();
    isSeenByOneself &&= (await search(person, word)).items.some((item) => item.id === id);
    while (!(await search(other, word)).items.some((item) => item.id === id)) {
      if (performance.now() - saved > 10 * OTHERS_LIMIT_MS) break;
      await sleep(20);
    }
    times.others.push(performance.now() - saved);
    times.count.push((await person.patch(`/api/products/${id}/quantity`, { delta: 1 })).ms);
    if (index === warmUp - 1) for (const some of Object.values(times)) some.length = 0;
  }
  const others = figuresOf(times.others);
  return [
    limited('open a product (page)', figuresOf(times.open)),
    limited('save a product (form)', figuresOf(times.save)),
    limited('quick quantity', figuresOf(times.count)),
    { what: 'own write seen by the next search', target: 'at once', isMet: isSeenByOneself },
    {
      what: "somebody else's write seen",
      times: others,
      target: `≤ ${OTHERS_LIMIT_MS}`,
      isMet: others.max <= OTHERS_LIMIT_MS,
    },
  ];
}

function limited(what: string, times: Figures): Row {
  return { what, times, target: `p95 ≤ ${LIMIT_MS}`, isMet: times.p95 <= LIMIT_MS };
}

async function search(person: Person, text: string): Promise<SearchAnswer> {
  return person.getJson<SearchAnswer>(`/api/products?search=${encodeURIComponent(text)}`);
}

/** From all over the catalogue. */
async function someProducts(person: Person, count: number): Promise<ProductJson[]> {
  const found = new Map<number, ProductJson>();
  for (const sort of ['name', '-name', 'code', '-code', 'number', '-quantity']) {
    const path = `/api/products?sort=${sort}&limit=${Math.ceil(count / 4)}`;
    const { items } = await person.getJson<{ items: ProductJson[] }>(path);
    for (const item of items) found.set(item.id, item);
  }
  return [...found.values()].slice(0, count);
}
