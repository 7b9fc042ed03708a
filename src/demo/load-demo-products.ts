import type { Connection, RowDataPacket } from 'mysql2/promise';
import { insertFirstProducts } from '../stock/initial-stock.ts';
import { DEMO_CATALOGUE, type DemoCategory } from './demo-catalogue.ts';

/** The quantities of a shop's shelves: some plenty, some few, about one in nine sold out. */
const QUANTITIES = [24, 7, 112, 0, 38, 3, 60, 15, 250, 42, 1, 18, 96, 9, 0, 33, 75];

/**
 * Puts the demonstration's products, each with its first stock movement, into a catalogue in which
 * nothing has ever been.
 *
 * @returns how many it has put there
 */
export async function loadDemoProducts(migrator: Connection): Promise<number> {
  const [[anything]] = await migrator.query<RowDataPacket[]>(
    'SELECT EXISTS (SELECT 1 FROM product) OR EXISTS (SELECT 1 FROM stock_movement) AS isThere',
  );
  if (anything?.isThere === 1) return 0;
  const [categories] = await migrator.query<RowDataPacket[]>('SELECT id, name FROM category');
  const idOf = new Map(categories.map(({ id, name }) => [String(name), Number(id)]));
  const products = shuffle(DEMO_CATALOGUE.flatMap(productsOf)).map(({ category, ...product }, index) => ({
    ...product,
    category_id: idOf.get(category)!,
    quantity: QUANTITIES[index % QUANTITIES.length]!,
  }));
  await migrator.beginTransaction();
  const count = await insertFirstProducts(migrator, products, 'admin');
  await migrator.commit();
  return count;
}

function productsOf({ category, codePrefix, kinds }: DemoCategory) {
  const names = kinds.flatMap((kind) =>
    kind.variants.flatMap((variant) =>
      kind.presentations.map((presentation) => ({
        name: `${kind.name} ${variant}, ${presentation}`,
        description: kind.description,
        unit: kind.unit,
      })),
    ),
  );
  return names.map((product, index) => ({
    ...product,
    category,
    code: `${codePrefix}-${String(index + 1).padStart(4, '0')}`,
  }));
}

/** The same mixture every time, so that a list sorted by number does not go category by category. */
function shuffle<T>(items: T[]): T[] {
  const step = 187;
  return items.map((_, index) => items[(index * step) % items.length]!);
}
