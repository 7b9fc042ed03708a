import { setTimeout as sleep } from 'node:timers/promises';
import type { ProductJson } from '../support/client.ts';
import { withBareSave } from './bare-save.ts';
import type { SearchAnswer } from './measure-search.ts';
import type { Person } from './person.ts';
import type { Row } from './report.ts';
import type { BenchSystem } from './system.ts';
import { figuresOf, type Figures } from './timing.ts';

const OPEN_LIMIT_MS = 15;
const OTHERS_LIMIT_MS = 1000;
/** The p95 of a save against the bare save's. */
const MAX_FLOOR_RATIO = 2.5;

/**
 * Times opening, saving and counting products without a warm-up, and how soon searches show the change. Bare
 * saves of other products alternate with them, so that noise affects both.
 */
export async function measureEdits(
  system: BenchSystem,
  person: Person,
  other: Person,
  edits: number,
): Promise<Row[]> {
  const times = {
    floor: [] as number[],
    open: [] as number[],
    save: [] as number[],
    count: [] as number[],
    others: [] as number[],
  };
  let areOwnWritesSeen = true;
  const products = await sampleProducts(person, 2 * edits);
  await withBareSave(system.data, async (bareSave) => {
    for (const [index, product] of products.slice(0, edits).entries()) {
      const { id, version, name, code, description, category, quantity, unit } = product;
      const { id: bareId } = products[edits + index]!;
      times.open.push((await person.get(`/products/${id}`)).ms);
      // A unique word identifies this change.
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
      times.floor.push(await bareSave(bareId, 1));
      times.save.push((await person.post(`/products/${id}`, form)).ms);
      const saved = performance.now();
      areOwnWritesSeen &&= (await search(person, word)).items.some((item) => item.id === id);
      while (!(await search(other, word)).items.some((item) => item.id === id)) {
        if (performance.now() - saved > 10 * OTHERS_LIMIT_MS) break;
        await sleep(20);
      }
      times.others.push(performance.now() - saved);
      times.floor.push(await bareSave(bareId, -1));
      times.count.push((await person.patch(`/api/products/${id}/quantity`, { delta: 1 })).ms);
    }
  });
  const floor = figuresOf(times.floor);
  const open = figuresOf(times.open);
  const others = figuresOf(times.others);
  return [
    {
      what: 'open a product (page)',
      times: open,
      target: `p95 ≤ ${OPEN_LIMIT_MS}`,
      isMet: open.p95 <= OPEN_LIMIT_MS,
    },
    { what: 'floor: mysql2, a save', times: floor },
    comparedToFloor('save a product (form)', figuresOf(times.save), floor),
    comparedToFloor('quick quantity', figuresOf(times.count), floor),
    { what: 'own write seen by the next search', target: 'at once', isMet: areOwnWritesSeen },
    {
      what: "somebody else's write seen",
      times: others,
      target: `≤ ${OTHERS_LIMIT_MS}`,
      isMet: others.max <= OTHERS_LIMIT_MS,
    },
  ];
}

function comparedToFloor(what: string, times: Figures, floor: Figures): Row {
  const ratio = times.p95 / floor.p95;
  return {
    what,
    times,
    target: `p95 ≤ ${MAX_FLOOR_RATIO} : floor of a save`,
    isMet: ratio <= MAX_FLOOR_RATIO,
    note: `p95 ${ratio.toFixed(2)} times the floor of a save`,
  };
}

async function search(person: Person, text: string): Promise<SearchAnswer> {
  return person.getJson<SearchAnswer>(`/api/products?search=${encodeURIComponent(text)}`);
}

async function sampleProducts(person: Person, count: number): Promise<ProductJson[]> {
  const found = new Map<number, ProductJson>();
  for (const sort of ['name', '-name', 'code', '-code', 'number', '-quantity']) {
    const path = `/api/products?sort=${sort}&limit=${Math.ceil(count / 4)}`;
    const { items } = await person.getJson<{ items: ProductJson[] }>(path);
    for (const item of items) found.set(item.id, item);
  }
  return [...found.values()].slice(0, count);
}
