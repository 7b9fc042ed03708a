import { beforeAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { Client } from '../support/client.ts';
import { stack } from '../support/shared-stack.ts';

let client: Client;
beforeAll(async () => (client = await Client.signedIn()));

test('50 parallel +1 changes add up to 50', async () => {
  const { id, code } = await client.register({ quantity: 0 });
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => client.changeQuantity(id, { delta: 1 })),
  );
  expect(responses.map(({ status }) => status)).toEqual(Array(50).fill(200));
  expect((await client.findByCode(code)).quantity).toBe(50);
});

test('of three parallel requests for the last unit, one succeeds', async () => {
  const { id, code } = await client.register({ quantity: 1 });
  const responses = await Promise.all([1, 2, 3].map(() => client.changeQuantity(id, { delta: -1 })));
  expect(responses.map(({ status }) => status).sort()).toEqual([200, 422, 422]);
  expect(await client.findByCode(code)).toMatchObject({ quantity: 0, available: false });
});

test('a stale count is rejected with the current quantity', async () => {
  const { id, code } = await client.register({ quantity: 10 });
  expect((await client.changeQuantity(id, { quantity: 12, version: 1 })).body).toMatchObject({
    quantity: 12,
    version: 2,
  });
  const stale = await client.changeQuantity(id, { quantity: 9, version: 1 });
  expect(stale.status).toBe(409);
  expect(stale.body).toMatchObject({ current: { quantity: 12, version: 2 } });
  expect((await client.findByCode(code)).quantity).toBe(12);
});

test('an invalid change is rejected with a message, and changes nothing', async () => {
  const { id, code } = await client.register({ quantity: 3 });
  for (const change of [
    {},
    { quantity: 'x', version: 1 },
    { quantity: -1, version: 1 },
    { delta: 0 },
    { delta: 0.5 },
    { delta: '1' },
    { quantity: 5 },
    [],
  ]) {
    const response = await client.changeQuantity(id, change);
    expect(response.status).toBe(422);
    expect((response.body as { error: string }).error).toMatch(/\w+/);
  }
  expect((await client.changeQuantity(id, { delta: 2_147_483_647 })).status).toBe(422);
  expect((await client.changeQuantity(999_999_999, { delta: 1 })).status).toBe(404);
  expect(await client.findByCode(code)).toMatchObject({ quantity: 3, version: 1 });
});

test('a change whose write count is blocked is not acknowledged, and applies once when retried', async () => {
  const { id, code } = await client.register({ quantity: 0 });
  await client.changeQuantity(id, { delta: 1 });
  const blocker = await stack.connect('primary');
  await blocker.query('BEGIN; SELECT * FROM write_count FOR UPDATE');
  const key = crypto.randomUUID();
  expect((await client.changeQuantity(id, { delta: 1 }, key)).status).toBe(503);
  await blocker.query('ROLLBACK');
  await blocker.end();
  expect((await client.changeQuantity(id, { delta: 1 }, key)).body).toMatchObject({ quantity: 2 });
  expect((await client.findByCode(code)).quantity).toBe(2);
});

test('the history shows each change and its reason', async () => {
  const { id, code } = await client.register({ quantity: 10 });
  await client.changeQuantity(id, { delta: -4 });
  await client.changeQuantity(id, { quantity: 7, version: 2 });
  await client.post(`/products/${id}`, {
    name: 'x',
    code,
    quantity: 20,
    unit: 'u',
    category: 'Otros',
    version: 3,
  });
  const { text } = await client.get(`/products/${id}`);
  const cells = [...text.matchAll(/class="text-end delta [^"]*">([^<]+)</g)].map(([, delta]) => delta);
  expect(cells).toEqual(['+13', '+1', '−4', '+10']);
  for (const reason of ['Creación', 'Ajuste', 'Recuento', 'Edición']) expect(text).toContain(reason);
});

test('for every product the movements add up to the quantity', async () => {
  const primary = await stack.connect('primary');
  const [wrong] = await primary.query<RowDataPacket[]>(`
    SELECT p.id, p.quantity, COALESCE(SUM(m.delta), 0) AS booked,
           (SELECT quantity_after FROM stock_movement WHERE product_id = p.id ORDER BY id DESC LIMIT 1) AS last
    FROM (SELECT id, quantity FROM product UNION ALL SELECT id, quantity FROM deleted_product) AS p
    LEFT JOIN stock_movement AS m ON m.product_id = p.id
    GROUP BY p.id, p.quantity
    HAVING booked <> p.quantity OR COALESCE(last, 0) <> p.quantity`);
  await primary.end();
  expect(wrong).toEqual([]);
});
