import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { add, decimalsOf, movementColumns, quantityColumns, subtract } from '../../src/stock/quantities.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, preview } from '../support/import-files.ts';
import { stack } from '../support/shared-stack.ts';

let client: Client;
let primary: Connection;
beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
});
afterAll(() => primary.end());

const register = (fields: Record<string, string | number>) => client.register({ unit: 'kg', ...fields });

/** The sum of the movements, the last balance and the quantity, all in thousandths. */
async function books(id: number): Promise<{ booked: number; last: number; quantity: number }> {
  const [[found]] = await primary.query<RowDataPacket[]>(
    `SELECT p.on_hand * 1000 AS quantity,
       (SELECT COALESCE(SUM(exact_delta), 0) * 1000 FROM stock_movement WHERE product_id = p.id) AS booked,
       (SELECT exact_after * 1000 FROM stock_movement WHERE product_id = p.id ORDER BY id DESC LIMIT 1) AS last
     FROM (SELECT id, on_hand FROM product UNION ALL SELECT id, on_hand FROM deleted_product) AS p
     WHERE p.id = ?`,
    [id],
  );
  return {
    booked: Number(found!.booked),
    last: Number(found!.last ?? 0),
    quantity: Number(found!.quantity),
  };
}

const thousandths = fc.integer({ min: 0, max: 5000 });

test('sums and differences of quantities are exact, and their columns give them back', () => {
  const large = fc.integer({ min: 0, max: 2_147_483_647_000 });
  fc.assert(
    fc.property(large, large, (one, other) => {
      expect(subtract(add(one / 1000, other / 1000), other / 1000)).toBe(one / 1000);
      const { quantity, rounded_up } = quantityColumns(one / 1000);
      expect([Number.isInteger(quantity), rounded_up >= 0, rounded_up < 1]).toEqual([true, true, true]);
      expect(subtract(quantity, rounded_up)).toBe(one / 1000);
      const change = subtract(one / 1000, other / 1000);
      const columns = movementColumns(other / 1000, one / 1000);
      expect(subtract(columns.delta, columns.delta_rounded)).toBe(change);
      expect(subtract(columns.quantity_after, columns.after_rounded)).toBe(one / 1000);
    }),
  );
  expect(add(0.1, 0.2)).toBe(0.3);
  expect([5, 0.5, 0.25, 0.125, 1_000_000.001].map(decimalsOf)).toEqual([0, 1, 2, 3, 3]);
});

test('whatever people do, the movements add up to the quantity exactly', async () => {
  const step = fc.oneof(
    fc.record({ is: fc.constant('adjust'), by: fc.integer({ min: -3000, max: 3000 }) }),
    fc.record({ is: fc.constant('count'), by: thousandths }),
    fc.record({ is: fc.constant('edit'), by: thousandths }),
    fc.record({ is: fc.constant('move'), by: fc.integer({ min: -2000, max: 2000 }) }),
    fc.record({ is: fc.constant('import'), by: thousandths }),
    fc.record({ is: fc.constant('delete and restore'), by: fc.constant(0) }),
  );
  const steps = fc.array(step, { minLength: 4, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(thousandths, steps, async (start, all) => {
      const { id, code } = await register({ quantity: String(start / 1000).replace('.', ',') });
      let expected = start;
      for (const { is, by } of all) {
        const { version } = await client.findByCode(code);
        const quantity = by / 1000;
        if (is === 'adjust') {
          const { status } = await client.changeQuantity(id, { delta: quantity });
          if (status === 200) expected += by;
          else expect([status, by === 0 || expected + by < 0]).toEqual([422, true]);
        } else if (is === 'count') {
          expect((await client.changeQuantity(id, { quantity, version })).body).toMatchObject({ quantity });
          expected = by;
        } else if (is === 'edit') {
          const form = {
            name: 'x',
            code,
            quantity: String(quantity).replace('.', ','),
            unit: 'kg',
            category: 'Otros',
            version,
          };
          expect((await client.post(`/products/${id}`, form)).status).toBe(303);
          expected = by;
        } else if (is === 'move') {
          const direction = by < 0 ? 'out' : 'in';
          const form = { amount: String(Math.abs(quantity)).replace('.', ','), direction, purpose: 'other' };
          const { status } = await client.post(`/products/${id}/movements`, form);
          if (status === 303) expected += by;
          else expect([status, by === 0 || expected + by < 0]).toEqual([422, true]);
        } else if (is === 'import') {
          const found = await preview(
            client,
            `Código;Cantidad\r\n${code};${String(quantity).replace('.', ',')}`,
          );
          expect(found.totals).toMatchObject({ wrong: 0 });
          if (found.totals!.changed > 0) await apply(client, found.id);
          expected = by;
        } else {
          await client.post(`/products/${id}/delete`);
          expect((await books(id)).quantity).toBe(expected);
          await client.post(`/products/${id}/restore`);
        }
        expect(await books(id)).toEqual({ booked: expected, last: expected, quantity: expected });
        expect(await client.findByCode(code)).toMatchObject({
          quantity: expected / 1000,
          available: expected > 0,
        });
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
});

test('100 parallel changes of a tenth add up to ten', async () => {
  const { id, code } = await register({ quantity: 0 });
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => client.changeQuantity(id, { delta: 0.1 })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await client.findByCode(code)).quantity).toBe(10);
  expect(await books(id)).toEqual({ booked: 10_000, last: 10_000, quantity: 10_000 });
});

test('half a kilogram can be taken once', async () => {
  const { id, code } = await register({ quantity: '0,5' });
  const answers = await Promise.all([1, 2, 3].map(() => client.changeQuantity(id, { delta: -0.5 })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 422, 422]);
  expect(await client.findByCode(code)).toMatchObject({ quantity: 0, available: false });
});

test('0.0005 kg is refused beside the field with its message, and nothing is stored', async () => {
  const code = uniqueCode();
  const form = { name: 'Azafrán', code, unit: 'kg', category: 'Otros' };
  for (const quantity of ['0,0005', '0.0005']) {
    const refused = await client.post('/products', { ...form, quantity });
    expect(refused.status).toBe(422);
    expect(refused.text).toMatch(/id="quantity-error">La unidad «kg» admite hasta 3 decimales\.</);
    expect(refused.text).toContain(`value="${quantity}"`);
  }
  const [stored] = await primary.query<RowDataPacket[]>('SELECT id FROM product WHERE code = ?', [code]);
  expect(stored).toEqual([]);

  const { id } = await register({ quantity: 1 });
  const move = await client.post(`/products/${id}/movements`, {
    ...{ amount: '0,0005', direction: 'in', purpose: 'other' },
  });
  expect(move.text).toMatch(/id="amount-error">La unidad «kg» admite hasta 3 decimales\.</);
  const counted = await client.changeQuantity(id, { quantity: '0,0005', version: 1 });
  expect([counted.status, counted.body]).toEqual([
    422,
    { error: 'La unidad «kg» admite hasta 3 decimales.' },
  ]);
  expect((await client.changeQuantity(id, { delta: 0.0005 })).status).toBe(422);
  expect(await books(id)).toEqual({ booked: 1000, last: 1000, quantity: 1000 });
});

test.each([
  ['es', '1.000', 1000],
  ['es', '1,000', 1],
  ['es', '1.234,5', 1234.5],
  ['es', '12.345.678', 12_345_678],
  ['es', '0.5', 0.5],
  ['es', '2,25', 2.25],
  ['es', '1 500', 1500],
  ['en', '1,000', 1000],
  ['en', '1.000', 1],
  ['en', '1,234.5', 1234.5],
  ['en', '0,5', 0.5],
])('in %s, %s is read as %d', async (language, typed, quantity) => {
  const { id, code } = await register({ quantity: 3 });
  await client.agent
    .post(`/products/${id}`)
    .set('Accept-Language', language)
    .type('form')
    .send({
      ...{ _csrf: client.token, name: 'x', code, quantity: typed, unit: 'kg', category: 'Otros', version: 1 },
    });
  expect((await client.findByCode(code)).quantity).toBe(quantity);
});

test('quantities are sorted by their decimals, page by page', async () => {
  const mark = uniqueCode();
  for (const quantity of ['2,5', '2,125', '3', '2', '2,75'])
    await register({ quantity, name: `Harina ${mark}` });
  const seen: number[] = [];
  let cursor: string | null = null;
  do {
    const query = { search: mark, sort: 'quantity', limit: 2, ...(cursor && { cursor }) };
    const { items, nextCursor } = await client.search(query);
    seen.push(...items.map((item) => item.quantity));
    cursor = nextCursor;
  } while (cursor);
  expect(seen).toEqual([2, 2.125, 2.5, 2.75, 3]);
});

test('an instance of the previous version keeps the books exact, and the decimals of what it deletes', async () => {
  const { id } = await register({ quantity: '2,5' });
  // Its statements.
  await primary.query('UPDATE product SET quantity = quantity + ?, version = version + 1 WHERE id = ?', [
    -1,
    id,
  ]);
  await primary.query(
    `INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id)
     VALUES (?, -1, (SELECT quantity FROM product WHERE id = ?), 'adjustment', 1)`,
    [id, id],
  );
  expect(await books(id)).toMatchObject({ booked: 1500, quantity: 1500 });
  // What it sees are whole numbers that add up.
  const [[whole]] = await primary.query<RowDataPacket[]>(
    'SELECT quantity, (SELECT SUM(delta) FROM stock_movement WHERE product_id = ?) AS booked FROM product WHERE id = ?',
    [id, id],
  );
  expect([whole!.quantity, Number(whole!.booked)]).toEqual([2, 2]);
  const columns = 'code, name, description, category_id, quantity, unit';
  await primary.query(
    `INSERT INTO deleted_product (id, ${columns}, version, created_at, deleted_by)
     SELECT id, ${columns}, version, created_at, 1 FROM product WHERE id = ?`,
    [id],
  );
  await primary.query('DELETE FROM product WHERE id = ?', [id]);
  expect(await books(id)).toMatchObject({ booked: 1500, quantity: 1500 });
  await primary.query(
    `INSERT INTO product (id, ${columns}, version, created_at)
     SELECT id, ${columns}, version + 1, created_at FROM deleted_product WHERE id = ?`,
    [id],
  );
  await primary.query('DELETE FROM deleted_product WHERE id = ?', [id]);
  expect(await books(id)).toMatchObject({ booked: 1500, quantity: 1500 });
  await expect(
    primary.query('UPDATE product SET quantity = quantity - 2 WHERE id = ?', [id]),
  ).rejects.toThrow('below zero');
});
