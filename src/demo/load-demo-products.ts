import type { Connection, RowDataPacket } from 'mysql2/promise';
import { insertFirstProducts } from '../stock/initial-stock.ts';
import { DEMO_BOOKS } from './demo-books.ts';
import { DEMO_CATALOGUE, type DemoCategory } from './demo-catalogue.ts';

/** Plausible shelf quantities; about one in nine is sold out. */
const QUANTITIES = [24, 7, 112, 0, 38, 3, 60, 15, 250, 42, 1, 18, 96, 9, 0, 33, 75];
/** In minor units of any currency; one in eight is not known. */
const PRICES = [1290, 450, 9900, null, 2500, 675, 120, 3490];
const COST_SHARE = 0.6;

/** Does nothing unless the catalogue has always been empty. @returns the number of products added */
export async function loadDemoProducts(migrator: Connection): Promise<number> {
  const [[catalogue]] = await migrator.query<RowDataPacket[]>(
    'SELECT EXISTS (SELECT 1 FROM product) OR EXISTS (SELECT 1 FROM stock_movement) AS isUsed',
  );
  if (catalogue?.isUsed === 1) return 0;
  await migrator.query('INSERT IGNORE INTO category (name) VALUES ?', [
    [...new Set(DEMO_BOOKS.map(({ category }) => category))].map((name) => [name]),
  ]);
  const [categories] = await migrator.query<RowDataPacket[]>('SELECT id, name FROM category');
  const categoryIds = new Map(categories.map(({ id, name }) => [String(name), Number(id)]));
  const products = shuffle(DEMO_CATALOGUE.flatMap(productsOf)).map(({ category, ...product }, index) => ({
    ...product,
    category_id: categoryIds.get(category)!,
    quantity: QUANTITIES[index % QUANTITIES.length]!,
    ...pricesOf(index),
  }));
  // First, so that the list of products, which begins with the last, mixes the categories.
  const books = DEMO_BOOKS.map((book) => ({
    ...{ name: book.title, code: book.code, description: book.description, barcodes: book.isbn },
    ...{ category_id: categoryIds.get(book.category)!, quantity: book.quantity, unit: 'ejemplar' },
    ...{ price: book.price, cost: Math.round(book.price * COST_SHARE), tax_rate: 0 },
    ...{ weight: book.weight, on_sale: 1 },
  }));
  await migrator.beginTransaction();
  const count = await insertFirstProducts(migrator, [...books, ...products], 'admin');
  await insertBooks(migrator);
  await migrator.commit();
  return count;
}

async function insertBooks(migrator: Connection): Promise<void> {
  const [rows] = await migrator.query<RowDataPacket[]>('SELECT id, code FROM product WHERE code IN (?)', [
    DEMO_BOOKS.map(({ code }) => code),
  ]);
  const ids = new Map(rows.map(({ id, code }) => [String(code), Number(id)]));
  await migrator.query(
    'INSERT INTO book (product_id, authors, publisher, year, language, binding, pages) VALUES ?',
    [
      DEMO_BOOKS.map(({ code, authors, publisher, year, binding, pages }) => [
        ids.get(code),
        authors,
        publisher,
        year,
        'es',
        binding,
        pages,
      ]),
    ],
  );
}

function pricesOf(index: number) {
  const base = PRICES[index % PRICES.length] ?? null;
  const price = base === null ? null : base + 10 * (index % 37);
  return { price, cost: price === null ? null : Math.round(price * COST_SHARE) };
}

/** As long as they have these, they can be removed together. */
export function listDemoProducts(): { code: string; name: string }[] {
  return [
    ...DEMO_BOOKS.map(({ code, title }) => ({ code, name: title })),
    ...DEMO_CATALOGUE.flatMap(productsOf).map(({ code, name }) => ({ code, name })),
  ];
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

/** Deterministic, so that a list sorted by id mixes the categories. */
function shuffle<T>(items: T[]): T[] {
  const step = 187;
  return items.map((_, index) => items[(index * step) % items.length]!);
}
