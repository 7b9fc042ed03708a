import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { ensureCurrency } from '../../src/commands/ensure-currency.ts';
import { LANGUAGES } from '../../src/locales/languages.ts';
import {
  decimalText,
  findCurrency,
  formatMoney,
  MAX_AMOUNT,
  readMoney,
  stockValue,
  typedDecimal,
} from '../../src/locales/money.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, download, page, preview, problems, waitForRest } from '../support/import-files.ts';
import { createPerson, type Person } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';

let client: Client;
let viewer: Person;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  viewer = await createPerson(client, 'viewer');
  primary = await stack.connect('primary');
});
afterAll(() => primary.end());

async function query(text: string, values: unknown[]): Promise<RowDataPacket[]> {
  return (await primary.query<RowDataPacket[]>(text, values))[0];
}

/** Each change as `price null→1250`, oldest first. */
async function historyOf(id: number): Promise<string[]> {
  const rows = await query(
    'SELECT what, old_amount, new_amount FROM price_history WHERE product_id = ? ORDER BY id',
    [id],
  );
  return rows.map(({ what, old_amount, new_amount }) => `${what} ${old_amount}→${new_amount}`);
}

const CURRENCIES = ['USD', 'EUR', 'COP', 'CLP', 'MXN', 'KWD'].map((code) => findCurrency(code)!);
const amount = fc.integer({ min: 0, max: MAX_AMOUNT });

test('money is never a float: what is typed or shown is read again as the same integer', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...CURRENCIES),
      fc.constantFrom(...LANGUAGES),
      amount,
      (currency, language, any) => {
        const shown = formatMoney(any, language, currency);
        for (const text of [typedDecimal(any, currency.decimals, language), shown]) {
          const read = readMoney(text, currency);
          // A thousand of a currency with three decimals is written as one with three decimals is.
          if (text === shown && currency.decimals === 3) continue;
          expect([text, read]).toEqual([text, { amount: any }]);
        }
      },
    ),
  );
});

test('no text is read as an amount with a fraction, or beyond the limit', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...Array.from("0123456789.,' $€-+e%")), maxLength: 24 }),
    fc.double().map(String),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...CURRENCIES), text, (currency, any) => {
      const read = readMoney(any, currency);
      if (!('amount' in read)) return;
      expect(Number.isSafeInteger(read.amount) && read.amount >= 0 && read.amount <= MAX_AMOUNT).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('stock value is exact, also of quantities with decimals, and rounded half up to the minor unit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_147_483_647_999 }), amount, (thousandths, any) => {
      const value = stockValue(decimalText(thousandths, 3), any);
      const difference = value * 1000n - BigInt(thousandths) * BigInt(any);
      expect(difference > -500n && difference <= 500n).toBe(true);
    }),
  );
  expect(stockValue(2_147_483_647, MAX_AMOUNT)).toBe(2_147_483_647n * BigInt(MAX_AMOUNT));
  expect([stockValue(0.5, 3), stockValue(1.005, 100), stockValue('0.001', 499)]).toEqual([2n, 101n, 0n]);
});

test.each([
  ['USD', '1.234,50', 123450],
  ['USD', '$1,234.50', 123450],
  ['USD', 'US$ 12,5', 1250],
  ['USD', '12 USD', 1200],
  ['USD', '1 234,50', 123450],
  ['USD', '1.234.567', 123456700],
  ['USD', '.5', 50],
  ['EUR', '12,50 €', 1250],
  ['COP', '$ 12.500', 12500],
  ['COP', '12.500,00', 12500],
  ['COP', '12,500', 12500],
  ['CLP', '$1.990', 1990],
])('in %s, %s is read as %i', (code, text, expected) => {
  expect(readMoney(text, findCurrency(code)!)).toEqual({ amount: expected });
});

test.each([
  ['USD', '12,345', 'decimals'],
  ['USD', '1.234', 'decimals'],
  ['USD', '0.125', 'decimals'],
  ['COP', '12,5', 'decimals'],
  ['USD', '€12', 'format'],
  ['USD', '-1', 'format'],
  ['USD', '1e3', 'format'],
  ['USD', '12.', 'format'],
  ['USD', '1,23,456', 'format'],
  ['USD', '1000000000000', 'limit'],
  ['USD', '1000000000000000', 'limit'],
])('in %s, %s is refused: %s', (code, text, problem) => {
  expect(readMoney(text, findCurrency(code)!)).toEqual({ problem });
});

const AMOUNTS = { price: '1.234,50', cost: '700', taxRate: '12 %' };

test('the form keeps a price, shows it as the language writes it, and copies it', async () => {
  const { id, code } = await client.register({ ...AMOUNTS, quantity: 3 });
  expect(await client.findByCode(code)).toMatchObject({ price: 123450, cost: 70000, taxRate: 1200 });
  const shown = (await client.get(`/products/${id}`)).text;
  for (const text of ['$1.234,50', '$700,00', '$3.703,50', '$2.100,00', '<dd>12</dd>'])
    expect([text, shown.includes(text)]).toEqual([text, true]);
  const english = (await client.get(`/products/${id}`).set('Accept-Language', 'en')).text;
  expect(english).toContain('$1,234.50');
  for (const path of [`/products/${id}/edit`, `/products/new?copy=${id}`]) {
    const form = (await client.get(path)).text;
    for (const value of ['1234,50', '700,00', '12']) expect(form).toContain(`value="${value}"`);
  }
  const following = (await client.get(`/products/new?after=${id}`)).text;
  expect(following).toMatch(/id="taxRate"[^>]*value="12"/);
  expect(following).toMatch(/id="price"[^>]*value=""/);
});

test.each([
  ['price', '12,345', 'Escriba el importe con hasta 2 decimales y los miles sin separador: 1234,50.'],
  ['price', '1000000000000000', 'El importe máximo es 999999999999.99.'],
  ['price', 'caro', 'Escriba un importe en USD, 0 o mayor, o déjelo vacío.'],
  ['cost', '-1', 'Escriba un importe en USD, 0 o mayor, o déjelo vacío.'],
  ['taxRate', '100,01', 'Escriba un porcentaje de 0 a 100 con hasta 2 decimales, o déjelo vacío.'],
])('a %s of %s is refused beside its field, and nothing is stored', async (field, typed, message) => {
  const code = uniqueCode();
  const product = { name: 'x', code, quantity: 1, unit: 'u', category: 'Otros', [field]: typed };
  const refused = await client.post('/products', product);
  expect(refused.status).toBe(422);
  expect(refused.text).toMatch(new RegExp(`id="${field}"[^>]*value="${typed}"`));
  expect(refused.text).toMatch(new RegExp(`id="${field}-error"[^>]*>${message}`));
  expect(await query('SELECT id FROM product WHERE code = ?', [code])).toEqual([]);
});

test('a form of the previous version, without these fields, leaves them as they are', async () => {
  const { id, code } = await client.register(AMOUNTS);
  const product = { name: 'Otro nombre', code, quantity: 5, unit: 'unidad', category: 'Otros' };
  expect((await client.post(`/products/${id}`, { ...product, version: 1 })).status).toBe(303);
  expect(await client.findByCode(code)).toMatchObject({ name: 'Otro nombre', price: 123450, cost: 70000 });
});

test('a price that two people change is asked about, and both see who did what', async () => {
  const { id, code } = await client.register({ price: '10' });
  const edit = (price: string) => ({
    ...{ name: 'Producto de prueba', code, quantity: 5, unit: 'unidad', category: 'Otros' },
    ...{ price, cost: '', taxRate: '', version: 1, 'was.price': '10,00' },
  });
  expect((await client.post(`/products/${id}`, edit('11'))).status).toBe(303);
  const conflict = await client.post(`/products/${id}`, edit('12'));
  expect(conflict.status).toBe(409);
  expect(conflict.text).toContain('name="seen.price" value="11,00"');
  expect(conflict.text).toContain('<strong>$12,00</strong>');
  expect(conflict.text).toContain('<strong data-saved>$11,00</strong>');
  expect(await historyOf(id)).toEqual(['price null→1000', 'price 1000→1100']);
  expect((await client.get('/audit')).text).toContain('Precio: $10,00 → $11,00');
});

test('people who only look see prices but no costs: page, list, JSON and export', async () => {
  const { id, code } = await client.register(AMOUNTS);
  // Only the person who saved waits for the replica.
  expect(await replicaHasAll(stack)).toBe(true);
  const shown = await viewer.client.get(`/products/${id}`);
  expect(shown.text).toContain('$1.234,50');
  expect(shown.text).not.toMatch(/\$700|Costo|Existencias al costo/);
  const item = (await viewer.client.findByCode(code)) as unknown as object;
  expect(item).toMatchObject({ price: 123450 });
  expect(item).not.toHaveProperty('cost');
  expect(await client.findByCode(code)).toHaveProperty('cost', 70000);
  await viewer.client.post('/list-choices', { pageSize: '50', columns: 'cost' });
  expect((await viewer.client.get(`/products?search=${code}`)).text).not.toMatch(
    /\$700|col-cost|column-cost/,
  );
  for (const [who, hasCost] of [
    [viewer.client, false],
    [client, true],
  ] as const) {
    const { text } = await who.get(`/products/export.csv?search=${code}`);
    expect(text.includes(';Precio;Costo;')).toBe(hasCost);
    expect(text.includes('700,00')).toBe(hasCost);
    expect(text).toContain('1234,50');
  }
});

test('the list is sorted by price, unknown ones before all others, page after page', async () => {
  const mark = uniqueCode();
  const prices = ['3', '', '0', '20', '', '3', '1,5'];
  for (const [i, price] of prices.entries()) await client.register({ code: `${mark}-${i}`, price });
  const pages = async (sort: string) => {
    const found: (number | null)[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await client.search({ search: mark, sort, limit: 2, ...(cursor && { cursor }) });
      found.push(...page.items.map(({ price }) => price));
      cursor = page.nextCursor;
    }
    return found;
  };
  const ascending = [null, null, 0, 150, 300, 300, 2000];
  expect(await pages('price')).toEqual(ascending);
  expect(await pages('-price')).toEqual(ascending.toReversed());
});

test('an import reads prices by their names in either language, with signs and separators', async () => {
  const code = uniqueCode();
  const file = [
    'Código;Nombre;P.V.P.;Coste;IVA %',
    `${code}-1;Uno;$ 1.234,50;700;12`,
    `${code}-2;Dos;2,345.60;;12,5%`,
    `${code}-3;Tres;12.345;caro;101`,
  ].join('\n');
  const { id, totals } = await preview(client, file);
  expect(totals).toEqual({ new: 2, changed: 0, unchanged: 0, wrong: 1 });
  expect(await problems(client, id)).toEqual([
    'Columna «P.V.P.»: Escriba el importe con hasta 2 decimales y los miles sin separador: 1234,50. («12.345»)',
    'Columna «Coste»: Escriba un importe en USD, 0 o mayor, o déjelo vacío. («caro»)',
    'Columna «IVA %»: Escriba un porcentaje de 0 a 100 con hasta 2 decimales, o déjelo vacío. («101»)',
  ]);
  expect(await page(client, id, '?kind=new')).toContain('$1.234,50');
  await apply(client, id);
  const one = await client.findByCode(`${code}-1`);
  expect(one).toMatchObject({ price: 123450, cost: 70000, taxRate: 1200 });
  expect(await client.findByCode(`${code}-2`)).toMatchObject({ price: 234560, cost: null, taxRate: 1250 });
  expect(await historyOf(one.id)).toEqual(['price null→123450', 'cost null→70000']);

  const later = await preview(client, `Code,Sale price,Cost\n${code}-1,"1,500.00",\n${code}-2,,9\n`);
  expect(later.totals).toMatchObject({ changed: 2 });
  const changes = await page(client, later.id, '?kind=changed');
  expect(changes).toMatch(/<del>\$1\.234,50<\/del>.*<ins>\$1\.500,00<\/ins>/s);
  expect(changes).toMatch(/<del>vacío<\/del>.*<ins>\$9,00<\/ins>/s);
  await apply(client, later.id);
  const shown = (await client.get(`/products/${one.id}`)).text;
  expect(shown).toContain(`Importación ${later.id}`);
  expect(await historyOf(one.id)).toEqual(['price null→123450', 'cost null→70000', 'price 123450→150000']);

  await client.post(`/imports/${later.id}/undo`, { _key: crypto.randomUUID() });
  await waitForRest(client, later.id);
  const two = await client.findByCode(`${code}-2`);
  expect([(await client.findByCode(`${code}-1`)).price, two.cost]).toEqual([123450, null]);
  expect((await historyOf(one.id)).at(-1)).toBe('price 150000→123450');
  expect(await historyOf(two.id)).toEqual(['price null→234560', 'cost null→900', 'cost 900→null']);
});

test('our own export comes back unchanged', async () => {
  const { code } = await client.register(AMOUNTS);
  for (const format of ['xlsx', 'csv']) {
    const path = `/products/export.${format}?search=${code}`;
    const { totals } = await preview(client, await download(client, path), `precios.${format}`);
    expect([format, totals]).toEqual([format, { new: 0, changed: 0, unchanged: 1, wrong: 0 }]);
  }
});

test('the history of prices and costs ends in the present ones, whatever happens to a product', async () => {
  const mark = uniqueCode();
  const price = fc.oneof(
    fc.constant(''),
    fc.integer({ min: 0, max: 99_999 }).map((cents) => decimalText(cents, 2)),
  );
  const step = fc.oneof(
    fc.record({ is: fc.constant('edit' as const), price, cost: price }),
    fc.record({ is: fc.constant('import' as const), price, cost: price }),
    fc.record({ is: fc.constantFrom('undo', 'restore', 'restore from trash', 'count') }),
  );
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(price, fc.array(step, { minLength: 1, maxLength: 5 }), async (first, steps) => {
      const code = `${mark}-${runs++}`;
      const { id } = await client.register({ code, price: first });
      let lastImport: number | undefined;
      for (const one of steps) {
        if (one.is === 'import') {
          const file = `code,name,price,cost\n${code},${code},${one.price},${one.cost}\n`;
          const { id: imported, totals } = await preview(client, file);
          if (totals?.changed) await apply(client, (lastImport = imported));
        } else if (one.is === 'undo' && lastImport !== undefined) {
          await client.post(`/imports/${lastImport}/undo`, { _key: crypto.randomUUID() });
          await waitForRest(client, lastImport);
        } else if (one.is.startsWith('restore')) {
          await client.post(`/products/${id}/delete`);
          await client.post(one.is === 'restore' ? `/products/${id}/restore` : `/trash/${id}/restore`);
        } else {
          const { version } = await client.findByCode(code);
          if (one.is === 'count') await client.changeQuantity(id, { quantity: 9, version });
          if (one.is !== 'edit') continue;
          const product = { name: code, code, quantity: 5, unit: 'u', category: 'Otros', taxRate: '' };
          const edit = await client.post(`/products/${id}`, { ...product, ...one, version });
          expect(edit.status).toBe(303);
        }
      }
      const [now] = await query('SELECT price, cost FROM product WHERE id = ?', [id]);
      const rows = await query('SELECT * FROM price_history WHERE product_id = ? ORDER BY id', [id]);
      for (const what of ['price', 'cost']) {
        let last: unknown = null;
        for (const change of rows.filter((row) => row.what === what)) {
          expect(change.old_amount).toBe(last);
          expect(change.new_amount).not.toBe(last);
          last = change.new_amount;
        }
        expect([what, last]).toEqual([what, now![what]]);
      }
    }),
    { numRuns: 6, endOnFailure: true },
  );
}, 240_000);

test('the application can neither change nor delete the history', async () => {
  const rows = await query("SHOW GRANTS FOR 'inventario_app'@'%'", []);
  const grants = rows
    .map((row) => String(Object.values(row)[0]))
    .filter((text) => text.includes('price_history'));
  expect(grants).toEqual([expect.stringContaining('GRANT SELECT, INSERT ON')]);
});

test('the currency can change until there is an amount', async () => {
  const scratch = await stack.connect('primary');
  const keep = (code: string) => ensureCurrency(scratch, findCurrency(code)!);
  try {
    await scratch.query(
      'DROP DATABASE IF EXISTS currency_test; CREATE DATABASE currency_test; USE currency_test',
    );
    for (const table of ['installation', 'price_history']) {
      await scratch.query(`CREATE TABLE ${table} LIKE inventario.${table}`);
    }
    await keep('USD');
    await keep('COP');
    await scratch.query("INSERT INTO price_history (product_id, what, new_amount) VALUES (1, 'price', 5)");
    await keep('COP');
    await expect(keep('EUR')).rejects.toThrow(
      'CURRENCY is "EUR", but the prices and costs stored here are in COP',
    );
    expect((await scratch.query<RowDataPacket[]>('SELECT currency FROM installation'))[0]).toEqual([
      { currency: 'COP' },
    ]);
  } finally {
    await scratch.query('DROP DATABASE currency_test');
    await scratch.end();
  }
});
