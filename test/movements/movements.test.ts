import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { datesIn } from '../../src/locales/dates.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { createPerson, type Person } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

/** No product has this number, so its movements need not add up to a quantity. */
const GONE_PRODUCT = 900_000_001;

let client: Client;
let primary: Connection;
let clerk: Person & { client: Client };

beforeAll(async () => {
  client = await Client.signedIn();
  clerk = await createPerson(client, 'clerk');
  primary = await stack.connect('primary');
});
afterAll(() => primary.end());

/** Others' reads do not wait for what one person, or SQL, has written. */
const shownToAll = async () => expect(await replicaHasAll(stack)).toBe(true);

function move(by: Client, id: number, fields: Record<string, string | number>) {
  return by.post(`/products/${id}/movements`, { amount: 1, direction: 'in', purpose: 'other', ...fields });
}

interface Row {
  product: string;
  reason: string;
  change: string;
  after: string;
  who: string;
  document: string;
}

const textOf = (html: string) =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

async function listed(query: string, by = client): Promise<{ rows: Row[]; text: string; status: number }> {
  const { text, status } = await by.get(`/movements?${query}`);
  const [, body = ''] = /<tbody>(.*?)<\/tbody>/s.exec(text) ?? [];
  const rows = [...body.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) => {
    const cell = (name: string) =>
      textOf(new RegExp(`class="ledger-${name}[^"]*">(.*?)</td>`, 's').exec(row!)?.[1] ?? '');
    return {
      product: cell('product'),
      reason: cell('reason'),
      change: cell('change'),
      after: cell('after'),
      who: cell('who'),
      document: cell('document'),
    };
  });
  return { rows, text, status };
}

async function linkTo(text: string, rel: 'next' | 'prev'): Promise<string | undefined> {
  const found = new RegExp(`rel="${rel}" href="/movements\\?([^"]+)"`).exec(text)?.[1];
  return Promise.resolve(found?.replaceAll('&amp;', '&'));
}

test('receiving and taking out with reason, document and note is in the history, the list and the audit trail', async () => {
  const document = `F-${uniqueCode()}`;
  const { id, code } = await clerk.client.register({ quantity: 5, name: 'Café molido' });
  const received = await move(clerk.client, id, {
    amount: 12,
    purpose: 'receipt',
    documentNumber: ` ${document} `,
    note: 'Caja <golpeada>',
  });
  expect([received.status, received.headers.location]).toEqual([303, `/products/${id}`]);
  await move(clerk.client, id, { direction: 'out', amount: 3, purpose: 'sale' });

  const page = (await clerk.client.get(`/products/${id}`)).text;
  expect(page).toMatch(/class="on-hand">14 /);
  expect(page).toContain('Compra o recepción');
  expect(page).toContain('Caja &lt;golpeada&gt;');

  await shownToAll();
  expect((await listed(`product=${id}`)).rows).toEqual([
    {
      product: `Café molido ${code}`,
      reason: 'Venta',
      change: '−3',
      after: '14',
      who: clerk.username,
      document: '',
    },
    {
      ...{ product: `Café molido ${code}`, change: '+12', after: '17', who: clerk.username, document },
      reason: 'Compra o recepción Caja &lt;golpeada&gt;',
    },
    {
      product: `Café molido ${code}`,
      reason: 'Creación',
      change: '+5',
      after: '5',
      who: clerk.username,
      document: '',
    },
  ]);
  const audit = textOf((await client.get(`/audit?user=${clerk.id}&kind=product`)).text);
  expect(audit).toContain('sacó 3 de «Café molido» (Venta): saldo 14.');
  expect(audit).toContain(
    `recibió 12 de «Café molido» (Compra o recepción · ${document} · Caja &lt;golpeada&gt;): saldo 17.`,
  );
});

test('a repeated submission moves the stock once', async () => {
  const { id } = await client.register({ quantity: 5 });
  for (let i = 0; i < 3; i++) {
    const answer = await move(client, id, { amount: 2, _key: 'the-same-key' });
    expect(answer.status).toBe(303);
  }
  expect((await listed(`product=${id}&reason=other`)).rows).toHaveLength(1);
});

test('taking out more than there is says how much there is, beside the field, and keeps what was typed', async () => {
  const { id } = await client.register({ quantity: 4, unit: 'caja' });
  const refused = await move(client, id, { direction: 'out', amount: 5, purpose: 'loss', note: 'Se mojó' });
  expect(refused.status).toBe(422);
  expect(refused.text).toMatch(/id="amount-error">No hay existencias suficientes\. Solo hay 4 cajas\.</);
  expect(refused.text).toMatch(/id="amount"[^>]* value="5"/);
  expect(refused.text).toMatch(/id="note"[^>]* value="Se mojó"/);
  expect(refused.text).toMatch(/value="loss" checked/);
  expect(refused.text).toMatch(/class="on-hand">4 /);
  const full = await move(client, id, { amount: 2_147_483_647 });
  expect([full.status, full.text.includes('La cantidad supera el máximo permitido.')]).toEqual([422, true]);
  expect((await listed(`product=${id}`)).rows).toHaveLength(1);
});

test('two people who take the last unit: one gets it', async () => {
  const { id } = await client.register({ quantity: 1 });
  await shownToAll();
  const takeOut = (by: Client) => move(by, id, { direction: 'out', purpose: 'sale' });
  const answers = await Promise.all([takeOut(client), takeOut(clerk.client)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 422]);
});

test.each([
  [{ amount: '0' }, 'amount', 'Escriba un número entero, 1 o mayor.'],
  [{ amount: '-3' }, 'amount', 'Escriba un número entero, 1 o mayor.'],
  [{ amount: '1.5' }, 'amount', 'Escriba un número entero, 1 o mayor.'],
  [{ amount: '9999999999' }, 'amount', 'La cantidad máxima es 2147483647.'],
  [{ purpose: 'sale' }, 'purpose', 'Elija un motivo.'],
  [{ purpose: 'nonsense' }, 'purpose', 'Elija un motivo.'],
  [
    { documentNumber: 'x'.repeat(51) },
    'documentNumber',
    'El número de documento puede tener hasta 50 caracteres.',
  ],
  [{ note: 'x'.repeat(201) }, 'note', 'La nota puede tener hasta 200 caracteres.'],
])('%j is refused beside its field', async (fields, name, message) => {
  const { id } = await client.register({ quantity: 5 });
  const refused = await move(client, id, fields);
  expect(refused.status).toBe(422);
  expect(new RegExp(`id="${name}-error">([^<]*)<`).exec(refused.text)?.[1]).toBe(message);
  expect((await listed(`product=${id}`)).rows).toHaveLength(1);
});

test('viewers see and export movements, and cannot receive', async () => {
  const viewer = await createPerson(client, 'viewer');
  const { id } = await client.register({ quantity: 5 });
  await waitUntil(async () => (await listed(`product=${id}`, viewer.client)).rows.length === 1);
  expect((await viewer.client.get(`/movements/export.csv?product=${id}`)).status).toBe(200);
  expect((await move(viewer.client, id, {})).status).toBe(403);
  expect((await viewer.client.get(`/products/${id}?move=in`)).text).not.toContain('move-form');
});

test('filters by reason, person and document, and several of them', async () => {
  const document = `Guía ${uniqueCode()}`;
  const other = await createPerson(client, 'clerk');
  const { id } = await clerk.client.register({ quantity: 5 });
  await move(clerk.client, id, { amount: 2, purpose: 'receipt', documentNumber: document });
  await move(other.client, id, { amount: 3, purpose: 'receipt', documentNumber: document });
  await move(other.client, id, { amount: 4, purpose: 'return' });
  await other.client.changeQuantity(id, { delta: 1 });
  await shownToAll();
  const changes = async (query: string) => (await listed(query)).rows.map(({ change }) => change);
  expect(await changes(`document=${encodeURIComponent(document.toUpperCase())}`)).toEqual(['+3', '+2']);
  expect(await changes(`user=${other.id}`)).toEqual(['+1', '+4', '+3']);
  expect(await changes(`user=${other.id}&reason=receipt`)).toEqual(['+3']);
  expect(await changes(`product=${id}&reason=adjustment`)).toEqual(['+1']);
  expect(await changes(`product=${id}&reason=initial&user=${other.id}`)).toEqual([]);
  expect(await changes(`document=${encodeURIComponent(`${document}x`)}`)).toEqual([]);
});

test('the previous version of a movement, with a user only, is found by its person', async () => {
  const person = await createPerson(client, 'clerk');
  await primary.query(
    "INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id) VALUES (?, 7, 7, 'edit', ?)",
    [GONE_PRODUCT, person.id],
  );
  await shownToAll();
  expect((await listed(`user=${person.id}`)).rows).toEqual([
    expect.objectContaining({
      product: `Producto N.º ${GONE_PRODUCT} Eliminado`,
      reason: 'Edición',
      who: person.username,
      change: '+7',
    }),
  ]);
});

test('a product is found by its code or name; of several, one is to be chosen', async () => {
  const mark = uniqueCode();
  const { id, code } = await client.register({ code: `${mark}-a`, name: `Vela ${mark} roja`, quantity: 3 });
  await client.register({ code: `${mark}-b`, name: `Vela ${mark} azul`, quantity: 4 });
  expect((await listed(`search=${code}`)).rows.map(({ after }) => after)).toEqual(['3']);
  const several = await listed(`search=Vela ${mark}`);
  expect(several.rows).toEqual([]);
  expect(several.text).toContain(`product=${id}"`);
  const none = await listed(`search=zzqq${mark}`);
  expect([none.status, none.rows]).toEqual([422, []]);
  expect(none.text).toContain('id="search-error">Ningún producto tiene ese código o nombre.');
});

test('a deleted product keeps its movements, which its name leads to', async () => {
  const { id, code } = await client.register({ quantity: 3, name: 'Ya no se vende' });
  await client.post(`/products/${id}/delete`);
  const { rows, text } = await listed(`product=${id}`);
  expect(rows.map(({ product }) => product)).toEqual([`Ya no se vende Eliminado ${code}`]);
  expect(text).toContain(`href="/movements?product=${id}"`);
});

test('pages are complete in both directions, also when movements are added in between', async () => {
  const { id } = await client.register({ quantity: 0 });
  for (let i = 1; i <= 110; i++) await client.changeQuantity(id, { delta: 1 });
  const after = ({ rows }: { rows: Row[] }) => rows.map((row) => Number(row.after));
  const countdown = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => from - i);
  const first = await listed(`product=${id}`);
  expect(after(first)).toEqual(countdown(110, 61));
  expect(await linkTo(first.text, 'prev')).toBeUndefined();
  await client.changeQuantity(id, { delta: 1 });
  const second = await listed((await linkTo(first.text, 'next'))!);
  expect(after(second)).toEqual(countdown(60, 11));
  const third = await listed((await linkTo(second.text, 'next'))!);
  expect(after(third)).toEqual(countdown(10, 1));
  expect(await linkTo(third.text, 'next')).toBeUndefined();
  const back = await listed((await linkTo(third.text, 'prev'))!);
  expect(after(back)).toEqual(countdown(60, 11));
  const newest = await listed((await linkTo(back.text, 'prev'))!);
  expect(after(newest)).toEqual(countdown(110, 61));
  const added = await listed((await linkTo(newest.text, 'prev'))!);
  expect(after(added)).toEqual([111]);
  for (const nonsense of ['before=x', 'after=-1', 'before=1e30', 'user=x&reason=y&product=z'])
    expect([nonsense, (await listed(nonsense)).status]).toEqual([nonsense, 200]);
});

test('days are those of the reader, whichever clock wrote the movements', async () => {
  const id = GONE_PRODUCT;
  const times = [
    '2024-03-10 04:59:59.999',
    '2024-03-10 05:00:00',
    '2024-03-11 04:59:59.999',
    '2024-03-11 05:00:00',
  ];
  for (const [i, time] of times.entries()) {
    await primary.query(
      `INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id, created_at)
       VALUES (?, 1, ?, 'edit', 1, ?)`,
      [id, i + 1, time],
    );
  }
  await shownToAll();
  const onDay = async (query: string, zone: string) => {
    const { text } = await client.get(`/movements?product=${id}&${query}`).set('Cookie', `tz=${zone}`);
    return [...text.matchAll(/class="ledger-after">(\d+)</g)].map(([, after]) => after);
  };
  expect(await onDay('from=2024-03-10&to=2024-03-10', 'America/Guayaquil')).toEqual(['3', '2']);
  expect(await onDay('to=2024-03-10', 'America/Guayaquil')).toEqual(['3', '2', '1']);
  expect(await onDay('from=2024-03-11&to=2024-03-11', 'UTC')).toEqual(['4', '3']);
});

test.each(['2026-02-30', '2026-13-01', 'ayer', '0000-00-00', '99999-01-01', '2026-1-1'])(
  '%s is not a date: a message stands beside the field',
  async (date) => {
    const { text, status, rows } = await listed(`to=${date}&from=2020-01-01`);
    expect([status, rows]).toEqual([422, []]);
    expect(text).toContain('id="to-error">Escriba una fecha que exista');
    expect(text).toContain(`value="${date}"`);
  },
);

test('an end before the beginning has a message, and no file', async () => {
  const { text, status } = await listed('from=2026-02-02&to=2026-02-01');
  expect([status, text.includes('id="to-error">Esta fecha es anterior a «Desde».')]).toEqual([422, true]);
  const file = await client.get('/movements/export.csv?from=2026-02-02&to=2026-02-01');
  expect([file.status, file.headers.location]).toEqual([303, '/movements?from=2026-02-02&to=2026-02-01']);
});

test('a day begins when the clocks say so', () => {
  const start = (day: string, zone: string) => datesIn('es', zone).startOfDay(day).toISOString();
  expect(start('2026-03-29', 'Europe/Madrid')).toBe('2026-03-28T23:00:00.000Z');
  expect(start('2026-03-30', 'Europe/Madrid')).toBe('2026-03-29T22:00:00.000Z');
  // At midnight clocks go from 0:00 to 1:00, or from 24:00 back to 23:00.
  expect(start('2026-09-06', 'America/Santiago')).toBe('2026-09-06T04:00:00.000Z');
  expect(start('2026-04-05', 'America/Santiago')).toBe('2026-04-05T04:00:00.000Z');
  expect(start('2026-04-04', 'America/Santiago')).toBe('2026-04-04T03:00:00.000Z');
});

test('the file has what is filtered, with dates and numbers as the products have them', async () => {
  const document = `F-${uniqueCode()}`;
  const { id, code } = await clerk.client.register({ quantity: 1500, name: '=1+1' });
  await move(clerk.client, id, {
    direction: 'out',
    amount: 3,
    purpose: 'loss',
    documentNumber: document,
    note: '-x',
  });
  await shownToAll();
  const { headers, text } = await client.get(`/movements/export.csv?product=${id}`).buffer(true);
  expect(headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(headers['content-disposition']).toMatch(/^attachment; filename="?movimientos-[\d-]+\.csv"?$/);
  const [header, ...lines] = text
    .replace(/^\uFEFF/, '')
    .trim()
    .split('\r\n');
  expect(header).toMatch(
    /^Cuándo \([^)]+\);Código;Producto;Motivo;Cambio;Saldo;Unidad;Quién;Documento;Nota$/,
  );
  expect(lines.map((line) => line.replace(/^\d\d\/\d\d\/\d{4} \d\d:\d\d;/, ''))).toEqual([
    `${code};'=1+1;Daño o pérdida;-3;1497;unidad;${clerk.username};${document};'-x`,
    `${code};'=1+1;Creación;1500;1500;unidad;${clerk.username};;`,
  ]);
});

test('the sum of the movements is the quantity, whatever people did', async () => {
  const { id } = await client.register({ quantity: 100 });
  const moves = Array.from({ length: 30 }, (_, i) =>
    move(i % 2 ? client : clerk.client, id, {
      direction: i % 3 ? 'out' : 'in',
      amount: i + 1,
      purpose: 'correction',
    }),
  );
  await Promise.all(moves);
  const [[row]] = await primary.query<RowDataPacket[]>(
    `SELECT quantity, (SELECT SUM(delta) FROM stock_movement WHERE product_id = product.id) AS sum
     FROM product WHERE id = ?`,
    [id],
  );
  expect(Number(row!.sum)).toBe(row!.quantity);
});
