import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { askForReturn } from '../../src/checkout/return-requests.ts';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { cashOnDelivery } from '../../src/payments/offline-providers.ts';
import { faultsOf, rowsOf } from '../orders/shop-support.ts';
import { Client } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { createPerson, type Person } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { act, catchUp, eventsOf, hasForm, openForm, sell, send, toDoFrom } from './desk-support.ts';

let root: Connection;
let databases: Databases;
let admin: Client;
let clerk: Person;

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
  admin = await Client.signedIn();
  clerk = await createPerson(admin, 'clerk');
});

afterAll(async () => {
  expect(await faultsOf(databases)).toEqual([]);
  await root.end();
  await closeDatabases(databases);
});

/** Three units that were shipped, of which the customer wants to send two back. */
async function asked() {
  const sold = await sell(databases, root, { quantity: 3, provider: cashOnDelivery });
  await act(clerk.client, sold.number, `/orders/${sold.number}/parcels`);
  const [parcel] = await rowsOf(root, 'SELECT id FROM parcel WHERE order_id = ?', [sold.id]);
  await act(clerk.client, sold.number, `/parcels/${parcel!.id}/ship`);
  const lines = [{ orderLineId: sold.line, quantity: 2 }];
  const request = await databases.catalogue.transact((trx) =>
    askForReturn(trx, { orderId: sold.id, lines, reason: 'Llegaron <mojados>' }),
  );
  await catchUp();
  return { ...sold, request };
}

const stateOf = async (request: number) =>
  (await rowsOf(root, 'SELECT state FROM return_request WHERE id = ?', [request]))[0]!.state as string;

const mailsTo = (email: string) =>
  rowsOf(
    root,
    "SELECT event_key, language, data->>'$.reason' AS reason FROM mail WHERE recipient = ? AND template = 'return-answered'",
    [email],
  );

test('a return that is asked for waits in the list, is accepted by e-mail, and is over once the goods have come', async () => {
  const { id, number, line, email, request } = await asked();
  expect(await toDoFrom(clerk.client, 'return', id)).toContain(number);
  const { text } = await clerk.client.get(`/orders/${number}`);
  expect(text).toContain('2 kg · Libro de prueba');
  expect(text).toContain('Llegaron &lt;mojados&gt;');

  const undecided = await act(clerk.client, number, '/answer', { note: 'hola' });
  expect([undecided.status, undecided.text.includes('Elija la respuesta.')]).toEqual([422, true]);
  expect(undecided.text).toContain('>hola</textarea>');
  const form = await openForm(clerk.client, number, '/answer');
  const answers = await Promise.all(
    [1, 2].map(() => send(clerk.client, form, { answer: 'accepted', note: 'Por correo' })),
  );
  expect(answers.map(({ status }) => status)).toEqual([303, 303]);
  expect(await stateOf(request)).toBe('accepted');
  expect(await eventsOf(root, id)).toContain('order in_progress by user: accepted: Por correo');
  await waitUntil(async () => (await mailsTo(email)).length > 0);
  expect(await mailsTo(email)).toEqual([
    { event_key: `return-accepted:${request}`, language: 'en', reason: 'Por correo' },
  ]);
  expect(await toDoFrom(clerk.client, 'return', id)).not.toContain(number);

  // What was asked for is filled in.
  const taken = await openForm(clerk.client, number, '/returns');
  expect(taken.fields[`quantity.${line}`]).toBe('2');
  await send(clerk.client, taken, { toStock: 'yes' });
  expect(await stateOf(request)).toBe('received');
  expect(await hasForm(clerk.client, number, '/answer')).toBe(false);
});

test('a refusal needs a reason for the customer, and a late answer is told of the first', async () => {
  const { number, email, request } = await asked();
  const mute = await act(clerk.client, number, '/answer', { answer: 'refused' });
  expect([mute.status, mute.text.includes('Dígale al cliente por qué.')]).toEqual([422, true]);
  const late = await openForm(admin, number, '/answer');
  await act(clerk.client, number, '/answer', { answer: 'refused', note: 'Pasaron 30 días' });
  expect(await stateOf(request)).toBe('refused');
  const refused = await send(admin, late, { answer: 'accepted' });
  expect(refused.status).toBe(409);
  expect(refused.text).toContain(`Devolución no aceptada · ${clerk.username}`);
  expect(await stateOf(request)).toBe('refused');
  await waitUntil(async () => (await mailsTo(email)).length > 0);
  const { fields } = await openForm(admin, number, '/notes');
  const again = await admin.post(`/orders/${number}/returns/${request}/answer`, {
    ...fields,
    answer: 'accepted',
  });
  expect([again.status, again.text.includes('Esta devolución ya tiene respuesta.')]).toEqual([409, true]);
});
