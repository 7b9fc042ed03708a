import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import sharp from 'sharp';
import type { Response } from 'superagent';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { deleteForgottenData } from '../../src/checkout/forget-customer.ts';
import { forgetProofs } from '../../src/order-desk/payment-proofs.ts';
import { cancelOrder } from '../../src/orders/cancel-order.ts';
import { cashOnDelivery } from '../../src/payments/offline-providers.ts';
import { change, paymentsOf, rowsOf, STAFF, stateOf } from '../orders/shop-support.ts';
import { Client } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { textOfPdf } from '../support/pdf-text.ts';
import { createPerson } from '../support/people.ts';
import { hugePng, jpeg, type PhotoFile } from '../support/photo-files.ts';
import { stack } from '../support/shared-stack.ts';
import { act, catchUp, openForm, sell } from './desk-support.ts';

let root: Connection;
let databases: Databases;
let admin: Client;

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
  admin = await Client.signedIn();
});

afterAll(async () => {
  await root.end();
  await closeDatabases(databases);
});

const asBuffer = (response: Response, done: (error: Error | null, body: Buffer) => void) => {
  const chunks: Buffer[] = [];
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)));
};

async function download(path: string, client = admin) {
  const response = await client.agent
    .get(path)
    .buffer(true)
    .parse(asBuffer as never);
  return { status: response.status, headers: response.headers, body: response.body as Buffer };
}

type Form = Awaited<ReturnType<typeof openForm>>;

async function sendProof({ action, fields }: Form, proof: PhotoFile, typed: Record<string, string> = {}) {
  let request = admin.agent.post(action);
  for (const [name, value] of Object.entries({ ...fields, ...typed })) request = request.field(name, value);
  return request.attach('proof', proof.content, proof.name);
}

const PDF = Buffer.from('%PDF-1.4\n1 0 obj << >> endobj\n%%EOF\n');

test('a picture is kept as photos are, and only administrators get it, as a download', async () => {
  const { id, number } = await sell(databases, root);
  const photo = await sharp({ create: { width: 3000, height: 200, channels: 3, background: '#fff' } })
    .withExif({ IFD0: { Copyright: 'secret place' } })
    .jpeg()
    .toBuffer();
  const form = await openForm(admin, number, '/capture');
  const answer = await sendProof(form, { name: 'comprobante.exe', content: photo });
  expect([answer.status, await stateOf(root, id)]).toEqual([303, 'confirmed']);
  // The same form again keeps nothing twice.
  expect((await sendProof(form, { name: 'comprobante.exe', content: photo })).status).toBe(303);
  const proofs = await rowsOf(
    root,
    'SELECT p.id, file_type, data AS file FROM payment_proof AS p JOIN payment_proof_file AS f ON f.id = file_id JOIN payment ON payment.id = payment_id WHERE order_id = ?',
    [id],
  );
  expect(proofs).toHaveLength(1);
  const { width, format, exif } = await sharp(proofs[0]!.file as Buffer).metadata();
  expect([width, format, exif]).toEqual([1600, 'webp', undefined]);
  await catchUp();
  const path = `/orders/${number}/proofs/${proofs[0]!.id}`;
  expect((await admin.get(`/orders/${number}`)).text).toContain(`href="${path}"`);
  const { status, headers, body } = await download(path);
  expect([status, headers['content-type'], headers['x-content-type-options']]).toEqual([
    200,
    'image/webp',
    'nosniff',
  ]);
  expect(headers['content-disposition']).toContain('attachment');
  expect(body.equals(proofs[0]!.file as Buffer)).toBe(true);
  const { client: clerk } = await createPerson(admin, 'clerk');
  expect((await clerk.get(`/orders/${number}`)).text).not.toContain('/proofs/');
  expect((await clerk.get(path)).status).toBe(403);
  const other = await sell(databases, root);
  expect((await admin.get(`/orders/${other.number}/proofs/${proofs[0]!.id}`)).status).toBe(404);
});

test('a PDF is kept as it is, with or without a reference', async () => {
  const { id, number } = await sell(databases, root);
  const answer = await sendProof(await openForm(admin, number, '/capture'), { name: 'a.pdf', content: PDF });
  expect(answer.status).toBe(303);
  const [proof] = await rowsOf(
    root,
    'SELECT p.id, file_type FROM payment_proof AS p JOIN payment ON payment.id = payment_id WHERE order_id = ?',
    [id],
  );
  expect(proof!.file_type).toBe('pdf');
  await catchUp();
  const { headers, body } = await download(`/orders/${number}/proofs/${proof!.id}`);
  expect(headers['content-disposition']).toBe(`attachment; filename=${number}-${proof!.id}.pdf`);
  expect(body.equals(PDF)).toBe(true);
});

test('what is no proof is refused beside the field, what was typed stays, and nothing is saved', async () => {
  const { id, number } = await sell(databases, root);
  const typed = { reference: 'TRX 5', note: 'una nota' };
  const files: [PhotoFile, number, string][] = [
    [{ name: 'a.svg', content: Buffer.from('<svg onload="alert(1)"/>') }, 422, 'debe ser una imagen'],
    [{ name: 'a.html', content: Buffer.from('<script>alert(1)</script>') }, 422, 'debe ser una imagen'],
    [{ name: 'a.jpg', content: Buffer.from([0xff, 0xd8, 0xff, 0, 1, 2]) }, 422, 'No se pudo leer'],
    [{ name: 'a.png', content: hugePng(10_000, 10_000) }, 422, 'megapíxeles'],
    [{ name: 'a.pdf', content: Buffer.concat([PDF, Buffer.alloc(3_200_000)]) }, 413, 'demasiado grande'],
    [{ name: 'a.jpg', content: Buffer.alloc(10_600_000, 1) }, 413, 'demasiado grande'],
  ];
  for (const [file, status, problem] of files) {
    const answer = await sendProof(await openForm(admin, number, '/capture'), file, typed);
    expect([file.name, answer.status]).toEqual([file.name, status]);
    expect(answer.text).toContain(problem);
    expect(answer.text).toContain('value="TRX 5"');
    expect(answer.text).toContain('value="una nota"');
  }
  expect(await paymentsOf(root, id)).toMatchObject([{ state: 'pending' }]);
});

test('the files of proofs go with the account of their customer', async () => {
  const customerId = 4_000_000_000 + Math.floor(Math.random() * 1e8);
  const { id, number } = await sell(databases, root, { customerId });
  await sendProof(await openForm(admin, number, '/capture'), await jpeg('a.jpg'), { reference: 'TRX' });
  const files = async () =>
    (await rowsOf(root, 'SELECT COUNT(*) AS files FROM payment_proof_file'))[0]!.files as number;
  const before = await files();
  await forgetProofs(databases, customerId);
  expect(await files()).toBe(before - 1);
  const kept = await rowsOf(
    root,
    'SELECT reference, file_type, file_id FROM payment_proof AS p JOIN payment ON payment.id = payment_id WHERE order_id = ?',
    [id],
  );
  expect(kept).toEqual([{ reference: 'TRX', file_type: null, file_id: null }]);
});

test('a proof that is added after the account was deleted goes when the order is over', async () => {
  const customerId = 4_000_000_000 + Math.floor(Math.random() * 1e8);
  const { id, number } = await sell(databases, root, { customerId });
  await sendProof(await openForm(admin, number, '/capture'), await jpeg('b.jpg'), { reference: 'TRX' });
  await root.query(`UPDATE shop_order SET is_forgotten = 1 WHERE id = ?`, [id]);
  const file = async () => {
    const [row] = await rowsOf(
      root,
      'SELECT file_id FROM payment_proof AS p JOIN payment ON payment.id = payment_id WHERE order_id = ?',
      [id],
    );
    return row!.file_id as Buffer | null;
  };
  await change(databases, deleteForgottenData);
  const kept = await file();
  expect(kept).not.toBeNull();
  await change(databases, (trx) => cancelOrder(trx, { orderId: id, actor: STAFF }));
  await change(databases, deleteForgottenData);
  expect(await file()).toBeNull();
  expect(await rowsOf(root, 'SELECT id FROM payment_proof_file WHERE id = ?', [kept])).toEqual([]);
});

const NAME = 'Željko Ñúñez Łukasz Ünal Nguyễn Αλέξανδρος Дмитрий';

test('a packing slip has the contents of a parcel and the address, in all letters, and no price', async () => {
  const { id, number, product, line } = await sell(databases, root, {
    quantity: 3.5,
    provider: cashOnDelivery,
    name: NAME,
  });
  await root.query('UPDATE shop_order SET address = JSON_SET(address, "$.name", ?) WHERE id = ?', [NAME, id]);
  await root
    .query('UPDATE order_line SET name = "Cien años de soledad ☕" WHERE id = ?', [line])
    .catch(() => undefined);
  await act(admin, number, `/orders/${number}/parcels`, { [`quantity.${line}`]: '1,5' });
  const [parcel] = await rowsOf(root, 'SELECT id FROM parcel WHERE order_id = ?', [id]);
  await catchUp();
  const { headers, body } = await download(`/orders/${number}/packing-slip.pdf?parcel=${parcel!.id}`);
  expect(headers['content-type']).toBe('application/pdf');
  expect(headers['content-disposition']).toBe(`attachment; filename=lista-de-empaque-${number}.pdf`);
  const text = textOfPdf(body).join('\n');
  for (const part of [
    `Lista de empaque ${number}`,
    'Av. Amazonas 12',
    '170515 Quito',
    '1,5 kg',
    'Moto',
    '1/1',
  ])
    expect(text).toContain(part);
  expect(text.replace(/\s+/g, ' ')).toContain(NAME);
  expect(text).toContain(
    String((await rowsOf(root, 'SELECT code FROM product WHERE id = ?', [product.id]))[0]!.code),
  );
  expect(text).not.toMatch(/\$|10,00/);
  const all = await download(`/orders/${number}/packing-slip.pdf`);
  expect(textOfPdf(all.body).join()).toContain('3,5 kg');
  expect((await admin.get(`/orders/${number}/packing-slip.pdf?parcel=999999`)).status).toBe(404);
});

test("a receipt has prices, taxes and what was paid, in the customer's language, and says that it is no invoice", async () => {
  const { number } = await sell(databases, root, { name: NAME });
  await act(admin, number, '/capture', { amount: '20', reference: 'R' });
  await catchUp();
  const { headers, body } = await download(`/orders/${number}/receipt.pdf`);
  expect(headers['content-disposition']).toBe(`attachment; filename=receipt-${number}.pdf`);
  const text = textOfPdf(body).join('\n');
  for (const part of [
    ...[
      `Receipt of order ${number}`,
      '$10.00',
      '19 %',
      'Delivery',
      '$5.00',
      '$15.00',
      'Tax included in the total',
    ],
    ...['$2.40', 'Paid: Bank transfer', '$20.00', 'To refund', 'This document is not an invoice.'],
  ])
    expect(text).toContain(part);
  expect(text.replace(/\s+/g, ' ')).toContain(NAME);
});

test('a long order takes several pages, each with its number and the titles of the table', async () => {
  const { id, number } = await sell(databases, root, { provider: cashOnDelivery });
  const values = Array.from({ length: 90 }, (_, index) => [
    ...[
      id,
      index + 1,
      900_000_000 + index,
      `L-${index}`,
      `Un libro de nombre largo, número ${index}, `.repeat(2),
    ],
    ...['unidad', 1, 0, 0, 0, 0],
  ]);
  await root.query(
    `INSERT INTO order_line (order_id, position, product_id, code, name, unit, quantity, unit_price, tax_rate, line_total, tax)
     VALUES ?`,
    [values],
  );
  await catchUp();
  const pages = textOfPdf((await download(`/orders/${number}/receipt.pdf`)).body);
  expect(pages.length).toBeGreaterThan(2);
  for (const [index, page] of pages.entries()) expect(page).toContain(`${index + 1}/${pages.length}`);
  expect(pages[1]).toContain('Quantity');
  expect(pages.join('\n')).toContain('L-89');
  await root.query('DELETE FROM order_line WHERE order_id = ? AND position > 0', [id]);
});
