import type { Connection, RowDataPacket } from 'mysql2/promise';

export interface PlainFilter {
  search: string;
  category: string;
  availability: string;
  /** A column, or `-column` when descending. */
  sort: string;
}

const COLUMNS: Record<string, string> = {
  number: 'p.id',
  name: 'p.name',
  code: 'p.code',
  description: 'p.description',
  category: 'c.name',
  quantity: 'p.on_hand',
  price: 'p.price_order',
  unit: 'p.unit',
  availability: 'p.available',
};

const AVAILABILITIES: Record<string, string> = {
  available: 'p.on_hand > 0',
  low: 'p.on_hand > 0 AND p.on_hand <= p.minimum_stock + p.reserved',
  out_of_stock: 'p.on_hand = 0',
};

interface Product {
  id: number;
  texts: string[];
  code: string;
  name: string;
  quantity: number;
  barcodes: string[];
}

/**
 * The definition of a search, slow but obviously right: every word is in the name, code, description,
 * location, category name or (of a book) authors or publisher, or names the availability. Without an ñ, its n is
 * ñ too. Separators are left out of codes and, for a word with a digit, of all fields. The whole search may also be a
 * barcode.
 */
export class PlainSearch {
  readonly #connection: Connection;
  readonly #products: Map<number, Product>;
  readonly #orders = new Map<string, Product[]>();

  private constructor(connection: Connection, products: Product[]) {
    this.#connection = connection;
    this.#products = new Map(products.map((product) => [product.id, product]));
  }

  /** Reads the products, which must not change while it is used. */
  static async read(connection: Connection): Promise<PlainSearch> {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT p.id, p.name, p.code, p.description, p.location, c.name AS category, p.quantity, b.authors,
         b.publisher, p.barcodes
       FROM product p JOIN category c ON c.id = p.category_id LEFT JOIN book b ON b.product_id = p.id`,
    );
    const products = rows.map(({ id, name, code, description, location, category, quantity, ...more }) => ({
      id: Number(id),
      texts: [name, description, location, category, more.authors ?? '', more.publisher ?? ''].map(String),
      code: String(code),
      name: String(name),
      quantity: Number(quantity),
      barcodes: String(more.barcodes).split(', ').filter(Boolean).map(comparable),
    }));
    const texts = products.flatMap(({ texts, code }) => [...texts, code]);
    for (const letters of [SPANISH, ENYE_AS_N]) await letters.learn(connection, texts);
    return new PlainSearch(connection, products);
  }

  /** @returns the ids of all matches in order */
  async find(filter: PlainFilter): Promise<number[]> {
    const { search } = filter;
    for (const letters of [SPANISH, ENYE_AS_N]) await letters.learn(this.#connection, [search]);
    const words = wordsOf(search);
    const hasBarcode = ({ barcodes }: Product) => barcodes.includes(comparable(search));
    const matches = (await this.#inOrder(filter)).filter(
      (product) =>
        hasBarcode(product) ||
        words.every((word) => isFound(product, word, word.includes('ñ') ? SPANISH : ENYE_AS_N)),
    );
    if (filter.sort) return matches.map(({ id }) => id);
    const withCode = await this.#withCode(search);
    const classes = Map.groupBy(matches, (product) =>
      hasBarcode(product) || withCode.has(product.id) ? 1 : classOf(product, search),
    );
    return [1, 2, 3, 4, 5, 6].flatMap((number) => (classes.get(number) ?? []).map(({ id }) => id));
  }

  /** Those under the filter's conditions. MySQL compares. */
  async #inOrder({ category, availability, sort }: PlainFilter): Promise<Product[]> {
    const conditions = ['TRUE'];
    if (category) conditions.push(`c.name = ${this.#connection.escape(category)}`);
    if (availability) conditions.push(AVAILABILITIES[availability]!);
    const direction = sort && !sort.startsWith('-') ? 'ASC' : 'DESC';
    const column = sort ? COLUMNS[sort.replace('-', '')] : 'p.id';
    const query = `
      SELECT p.id FROM product p JOIN category c ON c.id = p.category_id
      WHERE ${conditions.join(' AND ')} ORDER BY ${column} ${direction}, p.id ${direction}`;
    let products = this.#orders.get(query);
    if (!products) {
      const [rows] = await this.#connection.query<RowDataPacket[]>(query);
      products = rows.map(({ id }) => this.#products.get(Number(id))!);
      this.#orders.set(query, products);
    }
    return products;
  }

  /** As saving compares codes. */
  async #withCode(code: string): Promise<Set<number>> {
    const [rows] = await this.#connection.query<RowDataPacket[]>('SELECT id FROM product WHERE code = ?', [
      code,
    ]);
    return new Set(rows.map(({ id }) => Number(id)));
  }
}

const comparable = (barcode: string) =>
  /^(\d{8}|\d{12,14})$/.test(barcode) ? barcode.padStart(14, '0') : barcode.replaceAll('*', '').toUpperCase();

function wordsOf(search: string): string[] {
  return search === 'out of stock' ? [search] : search.split(/(?!\uFEFF)\s+/).filter(Boolean);
}

function isFound({ texts, code, quantity }: Product, word: string, letters: Folding): boolean {
  if (['agotado', 'out of stock'].includes(word) && quantity === 0) return true;
  if (word === 'disponible' && quantity > 0) return true;
  const typed = letters.fold(word);
  const plain = letters.foldPlain(word);
  const isInCode = plain ? letters.foldPlain(code).includes(plain) : letters.fold(code).includes(typed);
  const isPartNumber = letters.digits().some((digit) => typed.includes(digit));
  return (
    isInCode ||
    texts.some((text) =>
      isPartNumber ? letters.foldPlain(text).includes(plain) : letters.fold(text).includes(typed),
    )
  );
}

/**
 * After those with the same code or barcode. Where no ñ need count as n: the same code but for separators, codes or
 * names that begin with the search, the rest. Then the others: those that begin with it, the rest.
 */
function classOf(product: Product, search: string): number {
  const { code, name } = product;
  const foldCode = (text: string, letters: Folding) =>
    SPANISH.foldPlain(search) ? letters.foldPlain(text) : letters.fold(text);
  const begins = (letters: Folding) =>
    foldCode(code, letters).startsWith(foldCode(search, letters)) ||
    letters.fold(name).startsWith(letters.fold(search));
  if (foldCode(code, SPANISH) === foldCode(search, SPANISH)) return 2;
  if (begins(SPANISH)) return 3;
  if (wordsOf(search).every((word) => isFound(product, word, SPANISH))) return 4;
  return begins(ENYE_AS_N) ? 5 : 6;
}

/** Each character with those that are equal to it, beyond what the collation calls equal. */
const EQUAL = ["'‘’‚‛‹›′ʻʼ`´", '-‐‑‒–—―⁃−', '/⁄∕'];
const DOUBLE_QUOTES = '"“”„‟«»〝〞';
const PRELOADED = `${EQUAL.join('')}${DOUBLE_QUOTES}-_./ ñ0123456789`;

/** Folds to the weights in a collation, each as a UTF-16 unit. */
class Folding {
  readonly #collation: string;
  readonly #weights = new Map<string, string>();
  readonly #equal = new Map<string, string>();
  readonly #folded = new Map<string, string>();
  readonly #plain = new Map<string, string>();

  constructor(collation: string) {
    this.#collation = collation;
  }

  async learn(connection: Connection, texts: string[]): Promise<void> {
    const unknown = new Set<string>();
    for (const text of [PRELOADED, ...texts]) {
      if (!this.#folded.has(text))
        for (const letter of text) if (!this.#weights.has(letter)) unknown.add(letter);
    }
    for (const letter of unknown) {
      const [[row]] = await connection.query<RowDataPacket[]>(
        `SELECT HEX(WEIGHT_STRING(CONVERT(? USING utf8mb4) COLLATE ${this.#collation})) AS weights`,
        [letter],
      );
      const weights = String(row!.weights).match(/..../g) ?? [];
      this.#weights.set(letter, String.fromCharCode(...weights.map((weight) => parseInt(weight, 16))));
    }
    for (const [target, ...others] of EQUAL) {
      for (const other of others) this.#equal.set(this.#weights.get(other)!, this.#weights.get(target!)!);
    }
    const apostrophe = this.#weights.get("'")!;
    for (const quote of DOUBLE_QUOTES) this.#equal.set(this.#weights.get(quote)!, apostrophe + apostrophe);
  }

  fold(text: string): string {
    let folded = this.#folded.get(text);
    if (folded === undefined) {
      const enye = this.#weights.get('ñ')!;
      const weights = Array.from(text, (letter) => this.#weights.get(letter)!).join('');
      // In the Spanish collation, ñ is n and something more.
      const apart = enye.length > 1 ? weights.replaceAll(enye, enye[1]!) : weights;
      folded = apart.replace(/[^]/g, (weight) => this.#equal.get(weight) ?? weight);
      this.#folded.set(text, folded);
    }
    return folded;
  }

  digits(): string[] {
    return Array.from('0123456789', (digit) => this.fold(digit));
  }

  /** Folds without separators. */
  foldPlain(text: string): string {
    let plain = this.#plain.get(text);
    if (plain === undefined) {
      const separators = Array.from('-_./ ', (separator) => this.fold(separator));
      plain = separators.reduce((rest, separator) => rest.replaceAll(separator, ''), this.fold(text));
      this.#plain.set(text, plain);
    }
    return plain;
  }
}

const SPANISH = new Folding('utf8mb4_es_0900_ai_ci');
const ENYE_AS_N = new Folding('utf8mb4_0900_ai_ci');
