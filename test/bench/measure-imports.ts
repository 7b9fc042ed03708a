import { setTimeout as sleep } from 'node:timers/promises';
import { seededProducts } from './catalogue/products.ts';
import { trackMemory } from './measure-exports.ts';
import type { Person } from './person.ts';
import type { Row } from './report.ts';
import { pathOf, SEARCH_TERMS } from './search-terms.ts';
import type { BenchSystem } from './system.ts';
import { figuresOf } from './timing.ts';

const ROWS = 100_000;
const PREVIEW_LIMIT_S = 15;
const APPLY_LIMIT_S = 60;
const MEMORY_LIMIT_MB = 200;
/** For searches by another user during the import. */
const OTHERS_P95_MS = 100;
const GIVE_UP_S = 180;

/** Imports 100,000 rows, half of them new products and half new quantities, while another user searches. */
export async function measureImports(system: BenchSystem, person: Person, other: Person): Promise<Row[]> {
  const watched = await trackMemory(system, () =>
    whileOthersSearch(other, async () => {
      const began = performance.now();
      const path = await person.upload('/imports', 'bench.csv', spreadsheet());
      await waitForState(person, path, 'preview');
      const previewed = performance.now();
      const page = await person.get(path);
      const reading = /name="reading" value="(\d+)"/.exec(page.text)?.[1] ?? '';
      await person.post(`${path}/apply`, { reading });
      await waitForState(person, path, 'applied');
      const applied = performance.now();
      return { preview: (previewed - began) / 1000, apply: (applied - previewed) / 1000 };
    }),
  );
  const { result, growth } = watched;
  const { preview, apply } = result.value;
  const others = figuresOf(result.times);
  return [
    {
      what: `import, ${ROWS.toLocaleString('en-US')} rows`,
      memory: growth,
      target: `preview ≤ ${PREVIEW_LIMIT_S} s, apply ≤ ${APPLY_LIMIT_S} s, ≤ ${MEMORY_LIMIT_MB} MB`,
      isMet: preview <= PREVIEW_LIMIT_S && apply <= APPLY_LIMIT_S && growth <= MEMORY_LIMIT_MB,
      note: `preview after ${preview.toFixed(1)} s, applied in ${apply.toFixed(1)} s`,
    },
    {
      what: 'searches of others meanwhile',
      times: others,
      target: `p95 ≤ ${OTHERS_P95_MS}`,
      isMet: others.p95 <= OTHERS_P95_MS,
    },
  ];
}

function spreadsheet(): string {
  const lines = ['Código;Nombre;Descripción;Categoría;Cantidad;Unidad'];
  for (const { code, name, description, category, quantity, unit } of seededProducts()) {
    const index = lines.length - 1;
    if (index >= ROWS) break;
    const isNew = index % 2 === 1;
    const cells = [isNew ? `NEW-${code}` : code, name, description, category, quantity + 1, unit];
    lines.push(cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(';'));
  }
  return lines.join('\r\n');
}

async function waitForState(person: Person, path: string, wanted: string): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_S * 1000;
  for (;;) {
    const { state, isBusy } = await person.getJson<{ state: string; isBusy: boolean }>(`/api${path}`);
    if (state === wanted && !isBusy) return;
    if (!isBusy || Date.now() > giveUpAt) throw new Error(`The import is "${state}" in place of "${wanted}"`);
    await sleep(200);
  }
}

async function whileOthersSearch<T>(other: Person, work: () => Promise<T>) {
  const times: number[] = [];
  const done = new AbortController();
  const searching = (async () => {
    for (let i = 0; !done.signal.aborted; i++) {
      times.push((await other.get(pathOf(SEARCH_TERMS[i % SEARCH_TERMS.length]!))).ms);
      await sleep(100);
    }
  })();
  try {
    return { value: await work(), times };
  } finally {
    done.abort();
    await searching;
  }
}
