import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { expireOrder } from '../../src/orders/expire-orders.ts';
import { requestRefund } from '../../src/orders/refunds.ts';
import { cashOnDelivery } from '../../src/payments/offline-providers.ts';
import { endHold, faultsOf, paymentsOf, rowsOf, stateOf, stockOf } from '../orders/shop-support.ts';
import { Client } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { createPerson, type Person } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';
import { act, catchUp, eventsOf, hasForm, openForm, sell, send, toDoFrom } from './desk-support.ts';

let root: Connection;
let databases: Databases;
let admin: Client;
let clerk: Person;
let viewer: Person;

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
  admin = await Client.signedIn();
  clerk = await createPerson(admin, 'clerk');
  viewer = await createPerson(admin, 'viewer');
});

afterAll(async () => {
  expect(await faultsOf(databases)).toEqual([]);
  await root.end();
  await closeDatabases(databases);
});

const refundsOf = (orderId: number) =>
  rowsOf(root, 'SELECT amount, state, reason FROM refund WHERE order_id = ? ORDER BY id', [orderId]);

const parcelsOf = (orderId: number) =>
  rowsOf(root, 'SELECT id, state, carrier, tracking_number AS tracking FROM parcel WHERE order_id = ?', [
    orderId,
  ]);

test('a transfer is confirmed with its reference, and the history says who did it', async () => {
  const { id, number, payment } = await sell(databases, root);
  const answer = await act(admin, number, '/capture', { reference: 'TRX 99', note: 'visto en el banco' });
  expect([answer.status, answer.headers.location]).toEqual([303, `/orders/${number}`]);
  expect(await stateOf(root, id)).toBe('confirmed');
  expect(await paymentsOf(root, id)).toMatchObject([{ state: 'captured', captured_amount: 1500 }]);
  const proofs = await rowsOf(
    root,
    'SELECT amount, reference, added_by FROM payment_proof WHERE payment_id = ?',
    [payment],
  );
  expect(proofs).toEqual([{ amount: 1500, reference: 'TRX 99', added_by: 1 }]);
  expect(await eventsOf(root, id)).toContain('payment captured by user: TRX 99 · visto en el banco');
  const { text } = await admin.get(`/orders/${number}`);
  expect(text).toContain('Pago anotado.');
  expect(text).toContain('Pago recibido: Transferencia bancaria');
  expect(text).toContain('TRX 99');
});

test('a payment needs a reference or a file, an amount, and at least what was asked for', async () => {
  const { id, number } = await sell(databases, root);
  const nothing = await act(admin, number, '/capture', { amount: '', reference: '' });
  expect(nothing.status).toBe(422);
  expect(nothing.text).toContain('Escriba el importe, mayor que cero.');
  const noProof = await act(admin, number, '/capture', { amount: '15,00', note: 'mi nota' });
  expect(noProof.status).toBe(422);
  expect(noProof.text).toContain('Escriba la referencia del banco o adjunte el comprobante.');
  expect(noProof.text).toContain('value="mi nota"');
  const less = await act(admin, number, '/capture', { amount: '14,99', reference: 'R1' });
  expect(less.status).toBe(409);
  expect(less.text).toContain('El importe o la moneda no son los del pedido.');
  expect(less.text).toContain('value="14,99"');
  expect(await stateOf(root, id)).toBe('awaiting_payment');
  expect(
    await rowsOf(
      root,
      'SELECT p.id FROM payment_proof AS p JOIN payment ON payment.id = p.payment_id WHERE order_id = ?',
      [id],
    ),
  ).toEqual([]);
});

test('what comes beyond the total is a refund due, which a person marks as paid', async () => {
  const { id, number } = await sell(databases, root);
  await act(admin, number, '/capture', { amount: '20', reference: 'R1' });
  expect(await refundsOf(id)).toMatchObject([{ amount: 500, state: 'due', reason: 'surplus' }]);
  expect(await hasForm(clerk.client, number, '/finish')).toBe(false);
  const done = await act(admin, number, '/finish', { note: 'transferencia 7' });
  expect(done.status).toBe(303);
  expect(await refundsOf(id)).toMatchObject([{ state: 'done' }]);
  expect(await eventsOf(root, id)).toContain('refund done by user: transferencia 7');
  expect(await hasForm(admin, number, '/finish')).toBe(false);
});

test('money that comes late confirms the order if there is stock, else it is to be refunded', async () => {
  const [served, unserved] = [
    await sell(databases, root, { stock: 1 }),
    await sell(databases, root, { stock: 1 }),
  ];
  for (const { id } of [served, unserved]) {
    await endHold(root, id);
    await databases.catalogue.transact((trx) => expireOrder(trx, id));
  }
  // Through the ledger, as a person would.
  const client = admin;
  await client.post(`/products/${unserved.product.id}/movements`, {
    amount: '1',
    direction: 'out',
    purpose: 'loss',
  });
  expect((await admin.get(`/orders/${served.number}`)).text).toContain('Anotar dinero que llegó tarde');
  for (const { number } of [served, unserved])
    expect((await act(admin, number, '/capture', { reference: 'tarde' })).status).toBe(303);
  expect([await stateOf(root, served.id), await stateOf(root, unserved.id)]).toEqual([
    'confirmed',
    'expired',
  ]);
  expect(await refundsOf(unserved.id)).toMatchObject([{ amount: 1500, state: 'due', reason: 'too_late' }]);
});

test('an order is packed and shipped in parts, delivered, and completed', async () => {
  const { id, number, product, line } = await sell(databases, root, {
    quantity: 3,
    provider: cashOnDelivery,
  });
  const { client } = clerk;
  await act(client, number, `/orders/${number}/parcels`, { [`quantity.${line}`]: '1,5' });
  const [first] = await parcelsOf(id);
  expect(await hasForm(client, number, '/deliver')).toBe(false);
  await act(client, number, `/parcels/${first!.id}/pack`);
  await act(client, number, `/parcels/${first!.id}/ship`, {
    carrier: 'Servientrega',
    trackingNumber: 'G 1/2',
  });
  expect(await parcelsOf(id)).toMatchObject([
    { state: 'shipped', carrier: 'Servientrega', tracking: 'G 1/2' },
  ]);
  expect([await stateOf(root, id), await stockOf(root, product.id)]).toMatchObject([
    'in_progress',
    { onHand: 8.5, exact: 1.5 },
  ]);
  const { text } = await client.get(`/orders/${number}`);
  expect(text).toContain('href="https://track.example/G%201%2F2"');
  expect(text).toContain('enviado: 1,5');
  // The rest is filled in.
  await act(client, number, `/orders/${number}/parcels`);
  const second = (await parcelsOf(id))[1]!;
  await act(client, number, `/parcels/${second.id}/ship`);
  for (const parcel of await parcelsOf(id))
    expect((await act(client, number, `/parcels/${parcel.id}/deliver`)).status).toBe(303);
  expect(await stateOf(root, id)).toBe('completed');
  expect(await stockOf(root, product.id)).toMatchObject({ onHand: 7, exact: 0 });
  expect((await eventsOf(root, id)).filter((event) => event.startsWith('parcel'))).toEqual([
    'parcel open by user',
    'parcel packed by user',
    'parcel shipped by user',
    'parcel open by user',
    'parcel shipped by user',
    'parcel delivered by user',
    'parcel delivered by user',
  ]);
});

test('a parcel cannot have more than is left, nothing, or what is no quantity; what was typed stays', async () => {
  const { id, number, line } = await sell(databases, root, { quantity: 2, provider: cashOnDelivery });
  const name = `quantity.${line}`;
  for (const [typed, problem] of [
    ['3', 'Quedan 2.'],
    ['0', 'Ponga la cantidad de al menos un producto.'],
    ['', 'Ponga la cantidad de al menos un producto.'],
    ['-1', 'Escriba un número, 0 o mayor.'],
    ['dos', 'Escriba un número, 0 o mayor.'],
    ['1,2345', 'admite hasta 3 decimales.'],
  ] as const) {
    const answer = await act(clerk.client, number, `/orders/${number}/parcels`, { [name]: typed });
    expect([typed, answer.status]).toEqual([typed, 422]);
    expect(answer.text).toContain(problem);
    if (typed) expect(answer.text).toContain(`name="${name}" value="${typed}"`);
  }
  expect(await parcelsOf(id)).toEqual([]);
});

test('a parcel that was opened by mistake is undone, and its contents can be packed again', async () => {
  const { id, number } = await sell(databases, root, { quantity: 2, provider: cashOnDelivery });
  await act(clerk.client, number, `/orders/${number}/parcels`);
  expect(await hasForm(clerk.client, number, `/orders/${number}/parcels`)).toBe(false);
  const [parcel] = await parcelsOf(id);
  await act(clerk.client, number, `/parcels/${parcel!.id}/cancel`);
  expect(await parcelsOf(id)).toMatchObject([{ state: 'cancelled' }]);
  expect(await hasForm(clerk.client, number, `/orders/${number}/parcels`)).toBe(true);
});

test('shipping more than a count has left is refused', async () => {
  const { id, number, product } = await sell(databases, root, { quantity: 5, provider: cashOnDelivery });
  await admin.post(`/products/${product.id}/movements`, { amount: '8', direction: 'out', purpose: 'loss' });
  await catchUp();
  expect((await clerk.client.get(`/orders/${number}`)).text).toContain(
    'Hay menos existencias de las que este pedido tiene reservadas.',
  );
  await act(clerk.client, number, `/orders/${number}/parcels`);
  const [parcel] = await parcelsOf(id);
  const answer = await act(clerk.client, number, `/parcels/${parcel!.id}/ship`, { trackingNumber: 'G1' });
  expect(answer.status).toBe(422);
  expect(answer.text).toContain('value="G1"');
  expect(await parcelsOf(id)).toMatchObject([{ state: 'open' }]);
});

test('a return goes to stock only if staff say so', async () => {
  const { id, number, product, line } = await sell(databases, root, {
    quantity: 3,
    provider: cashOnDelivery,
  });
  expect(await hasForm(clerk.client, number, '/returns')).toBe(false);
  await act(clerk.client, number, `/orders/${number}/parcels`);
  const [parcel] = await parcelsOf(id);
  await act(clerk.client, number, `/parcels/${parcel!.id}/ship`);
  const name = `quantity.${line}`;
  const undecided = await act(clerk.client, number, '/returns', { [name]: '1' });
  expect(undecided.status).toBe(422);
  expect(undecided.text).toContain('Elija si vuelve a las existencias.');
  expect(undecided.text).toContain(`name="${name}" value="1"`);
  await act(clerk.client, number, '/returns', { [name]: '1', toStock: 'no', note: 'roto' });
  expect(await stockOf(root, product.id)).toMatchObject({ onHand: 7 });
  await act(clerk.client, number, '/returns', { [name]: '2', toStock: 'yes' });
  expect(await stockOf(root, product.id)).toMatchObject({ onHand: 9 });
  expect(await hasForm(clerk.client, number, '/returns')).toBe(false);
  const { text } = await clerk.client.get(`/orders/${number}`);
  expect(text).toContain('Devolución recibida, sin volver a las existencias');
  expect(text).toMatch(/1 × T-\S+ · roto/);
});

test('a refund is at most what was paid and is not owed yet', async () => {
  const { id, number } = await sell(databases, root);
  expect(await hasForm(admin, number, '/refunds')).toBe(false);
  await act(admin, number, '/capture', { reference: 'R1' });
  const part = await act(admin, number, '/refunds', { amount: '5,50', note: 'llegó sin caja' });
  expect(part.status).toBe(303);
  const more = await act(admin, number, '/refunds', { amount: '9,51' });
  expect(more.status).toBe(422);
  expect(more.text).toContain('El importe supera lo que queda por reembolsar.');
  expect((await act(admin, number, '/refunds', { amount: '0' })).status).toBe(422);
  expect((await act(admin, number, '/refunds', { amount: '9,50' })).status).toBe(303);
  expect(await hasForm(admin, number, '/refunds')).toBe(false);
  expect(await refundsOf(id)).toMatchObject([
    { amount: 550, state: 'due', reason: 'returned' },
    { amount: 950, state: 'due' },
  ]);
});

test('a clerk cancels what is unpaid; what is paid, an administrator, and it is to be refunded', async () => {
  const unpaid = await sell(databases, root);
  await act(clerk.client, unpaid.number, '/cancel', { note: 'lo pidió por teléfono' });
  expect([await stateOf(root, unpaid.id), await stockOf(root, unpaid.product.id)]).toMatchObject([
    'cancelled',
    { exact: 0 },
  ]);
  expect(await eventsOf(root, unpaid.id)).toContain('order cancelled by user: lo pidió por teléfono');

  const paid = await sell(databases, root);
  await act(admin, paid.number, '/capture', { reference: 'R' });
  expect(await hasForm(clerk.client, paid.number, '/cancel')).toBe(false);
  const { fields } = await openForm(clerk.client, paid.number, '/notes');
  const refused = await clerk.client.post(`/orders/${paid.number}/cancel`, fields);
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('solo un administrador puede cancelarlo');
  expect(await stateOf(root, paid.id)).toBe('confirmed');
  await act(admin, paid.number, '/cancel');
  expect(await refundsOf(paid.id)).toMatchObject([{ amount: 1500, state: 'due', reason: 'cancelled' }]);
  expect((await admin.get(`/orders/${paid.number}`)).text).not.toContain('/cancel"');
});

test('what has not left of an order is cancelled: its stock is free, and its money is refunded or not asked for', async () => {
  const paid = await sell(databases, root, { quantity: 4 });
  await act(admin, paid.number, '/capture', { reference: 'R' });
  const path = (number: string) => `/orders/${number}/parcels`;
  await act(clerk.client, paid.number, path(paid.number), { [`quantity.${paid.line}`]: '1' });
  const [parcel] = await parcelsOf(paid.id);
  await act(clerk.client, paid.number, `/parcels/${parcel!.id}/ship`, { trackingNumber: 'G1' });
  await act(clerk.client, paid.number, path(paid.number), { [`quantity.${paid.line}`]: '2' });
  expect(await hasForm(clerk.client, paid.number, `${paid.number}/cancel`)).toBe(false);
  await act(admin, paid.number, `${paid.number}/cancel`, { note: 'no llegó más' });
  expect(await stateOf(root, paid.id)).toBe('in_progress');
  expect(await stockOf(root, paid.product.id)).toMatchObject({ onHand: 9, exact: 0 });
  expect(await refundsOf(paid.id)).toMatchObject([{ amount: 3000, state: 'due', reason: 'cancelled' }]);
  expect(await parcelsOf(paid.id)).toMatchObject([{ state: 'shipped' }, { state: 'cancelled' }]);
  const { text } = await admin.get(`/orders/${paid.number}`);
  expect(text).toContain('Resto del pedido cancelado');
  expect(text).toMatch(/3 × T-\S+ · no llegó más/);
  expect(text).toContain('cancelado: 3');
  expect(text).not.toContain(`${paid.number}/cancel`);
  await act(clerk.client, paid.number, `/parcels/${parcel!.id}/deliver`);
  expect(await stateOf(root, paid.id)).toBe('completed');

  const door = await sell(databases, root, { quantity: 2, provider: cashOnDelivery });
  await act(clerk.client, door.number, path(door.number), { [`quantity.${door.line}`]: '1' });
  const [sent] = await parcelsOf(door.id);
  await act(clerk.client, door.number, `/parcels/${sent!.id}/ship`, { trackingNumber: 'G2' });
  await act(clerk.client, door.number, `/parcels/${sent!.id}/deliver`);
  await act(clerk.client, door.number, `${door.number}/cancel`);
  expect(await stateOf(root, door.id)).toBe('completed');
  await act(admin, door.number, '/capture', { reference: 'R' });
  expect(await paymentsOf(root, door.id)).toMatchObject([{ state: 'captured', amount: 1500 }]);
  expect(await refundsOf(door.id)).toEqual([]);
});

test('a form that is sent twice, also at the same time, does it once', async () => {
  const { id, number } = await sell(databases, root, { quantity: 4, provider: cashOnDelivery });
  const parcel = await openForm(clerk.client, number, `/orders/${number}/parcels`);
  const answers = await Promise.all([1, 2, 3].map(() => send(clerk.client, parcel)));
  answers.push(await send(clerk.client, parcel));
  expect(answers.map(({ status }) => status)).toEqual([303, 303, 303, 303]);
  expect(await parcelsOf(id)).toHaveLength(1);

  const transfer = await sell(databases, root);
  const payment = await openForm(admin, transfer.number, '/capture');
  const typed = { amount: '16', reference: 'R' };
  await Promise.all([1, 2].map(() => send(admin, payment, typed)));
  expect(await refundsOf(transfer.id)).toMatchObject([{ amount: 100 }]);
});

test('what somebody else has done since is said, and nothing is done over it', async () => {
  const { id, number } = await sell(databases, root, { quantity: 4, provider: cashOnDelivery });
  const mine = await openForm(admin, number, `/orders/${number}/parcels`);
  const cancel = await openForm(admin, number, '/cancel');
  await act(clerk.client, number, `/orders/${number}/parcels`);
  const refused = await send(admin, mine);
  expect(refused.status).toBe(409);
  expect(refused.text).toContain('El pedido cambió desde que abrió la página. No se guardó nada.');
  expect(refused.text).toMatch(new RegExp(`Paquete 1 preparado · ${clerk.username}`));
  expect(await parcelsOf(id)).toHaveLength(1);
  const [parcel] = await parcelsOf(id);
  const pack = await openForm(admin, number, `/parcels/${parcel!.id}/pack`);
  await act(clerk.client, number, `/parcels/${parcel!.id}/ship`, { trackingNumber: 'G1' });
  const late = await send(admin, pack);
  expect(late.status).toBe(409);
  expect(late.text).toMatch(new RegExp(`Paquete 1 enviado · ${clerk.username}`));
  expect((await send(admin, cancel)).status).toBe(409);
  expect(await stateOf(root, id)).toBe('in_progress');
});

test('two people who do the same at the same time: one is told so', async () => {
  const { id, number } = await sell(databases, root, { quantity: 4, provider: cashOnDelivery });
  const forms = await Promise.all(
    [admin, clerk.client].map((client) => openForm(client, number, `/orders/${number}/parcels`)),
  );
  const answers = await Promise.all([send(admin, forms[0]!), send(clerk.client, forms[1]!)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 409]);
  expect(await parcelsOf(id)).toHaveLength(1);
});

test('money that does not match is to be checked until someone has noted what they did', async () => {
  const { id, number, payment } = await sell(databases, root);
  await root.query(
    `INSERT INTO order_event (order_id, subject, subject_id, from_state, to_state, actor_kind, note)
     VALUES (?, 'payment', ?, 'pending', 'pending', 'system', 'mismatch: 900 USD for 1500 USD')`,
    [id, payment],
  );
  const toCheck = async () => (await toDoFrom(admin, 'check', id)).includes(number);
  expect(await toCheck()).toBe(true);
  expect((await admin.get(`/orders/${number}`)).text).toMatch(/Llegó \$9,00 \(USD\) en lugar de \$15,00/);
  const empty = await act(clerk.client, number, '/notes', { note: '  ' });
  expect([empty.status, empty.text.includes('Escriba la nota.')]).toEqual([422, true]);
  await act(clerk.client, number, '/notes', { note: 'El cliente paga el resto mañana' });
  expect(await toCheck()).toBe(false);
  expect((await admin.get(`/orders/${number}`)).text).toContain('El cliente paga el resto mañana');
  // A note sends no e-mail, whatever the state.
  const [mails] = await rowsOf(root, 'SELECT COUNT(mail) AS mails FROM order_event WHERE order_id = ?', [id]);
  expect(mails!.mails).toBe(1);
});

test('what Inventario notes in the history is in the language of who reads it', async () => {
  const { id, number } = await sell(databases, root);
  await act(admin, number, '/capture', { amount: '20', reference: 'R1' });
  const [refund] = await rowsOf(root, 'SELECT id FROM refund WHERE order_id = ?', [id]);
  await root.query(
    `INSERT INTO order_event (order_id, subject, subject_id, from_state, to_state, actor_kind, note) VALUES
       (?, 'refund', ?, 'requested', 'requested', 'system', 'sent'),
       (?, 'refund', ?, 'requested', 'failed', 'system', 'the outcome is not known'),
       (?, 'order', ?, 'confirmed', 'confirmed', 'customer', 'return request 5')`,
    [id, refund!.id, id, refund!.id, id, id],
  );
  await catchUp();
  const { text } = await admin.get(`/orders/${number}`);
  expect(text).toContain('El cliente solicita una devolución');
  expect(text).toContain('Enviado a la pasarela.');
  expect(text).toContain('No se sabe si la pasarela lo pagó');
  expect(text).not.toMatch(/return request|outcome|>sent</);
  await act(admin, number, '/finish');
});

test('a refund of an online payment is asked of its provider; one that people see is not', async () => {
  const { id, number } = await sell(databases, root);
  await act(admin, number, '/capture', { amount: '20', reference: 'R1' });
  expect(await hasForm(admin, number, '/request')).toBe(false);
  const [refund] = await rowsOf(root, 'SELECT id FROM refund WHERE order_id = ?', [id]);
  const { fields } = await openForm(admin, number, '/finish');
  const answer = await admin.post(`/orders/${number}/refunds/${refund!.id}/request`, fields);
  expect(answer.status).toBe(404);
  await root.query("UPDATE payment SET method = 'stripe' WHERE order_id = ?", [id]);
  expect((await act(admin, number, '/request')).status).toBe(303);
  expect(await refundsOf(id)).toMatchObject([{ state: 'requested' }]);
  await expect(
    databases.catalogue.transact((trx) =>
      requestRefund(trx, Number(refund!.id), { actor: { kind: 'user', id: 1 } }),
    ),
  ).rejects.toThrow('stale_state');
  await root.query("DELETE FROM outbox WHERE kind = 'send-refund' AND payload->>'$.refund' = ?", [
    refund!.id,
  ]);
  await root.query("UPDATE payment SET method = 'bank_transfer' WHERE order_id = ?", [id]);
  await act(admin, number, '/finish');
});

test('viewers see, clerks pack and ship, administrators also handle money', async () => {
  const { number, payment } = await sell(databases, root);
  const seen = async (client: Client) => {
    const { text } = await client.get(`/orders/${number}`);
    return ['/capture', '/cancel', '/notes'].map((form) => text.includes(`${form}"`));
  };
  expect(await seen(viewer.client)).toEqual([false, false, false]);
  expect(await seen(clerk.client)).toEqual([false, true, true]);
  expect(await seen(admin)).toEqual([true, true, true]);
  for (const path of ['notes', 'cancel', 'parcels', 'returns', 'refunds', `payments/${payment}/capture`])
    expect([path, (await viewer.client.post(`/orders/${number}/${path}`)).status]).toEqual([path, 403]);
  for (const path of ['refunds', 'refunds/1/finish', `payments/${payment}/capture`])
    expect([path, (await clerk.client.post(`/orders/${number}/${path}`)).status]).toEqual([path, 403]);
  for (const path of ['/customers', `/orders/${number}/proofs/1`])
    expect([path, (await clerk.client.get(path)).status]).toEqual([path, 403]);
  expect((await viewer.client.get('/orders/export.csv')).status).toBe(403);
});

test('parts of another order are not found, nor what is no order', async () => {
  const [one, other] = [await sell(databases, root), await sell(databases, root)];
  const { fields } = await openForm(admin, one.number, '/capture');
  const answer = await admin.post(`/orders/${one.number}/payments/${other.payment}/capture`, {
    ...fields,
    reference: 'R',
  });
  expect(answer.status).toBe(404);
  expect(await stateOf(root, other.id)).toBe('awaiting_payment');
  for (const path of ['/orders/XXXX-XXXX', '/orders/%27%22', '/orders/ñ', `/orders/${'a'.repeat(300)}`])
    expect([path, (await admin.get(path)).status]).toEqual([path, 404]);
  expect((await admin.get(`/orders/${one.number.toLowerCase()}`)).status).toBe(200);
});
