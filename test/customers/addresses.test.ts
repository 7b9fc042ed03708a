import { expect, test } from '@jest/globals';
import { addAddress } from '../../src/customers/address-queries.ts';
import { closeDatabases } from '../../src/database/databases.ts';
import { newCustomer } from '../support/kept-mail.ts';
import { Client } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';

const CUENCA = {
  ...{ name: 'Ana Núñez', phone: '+593 99 123 4567', country: 'EC', region: 'Azuay', municipality: 'Cuenca' },
  ...{ street: 'Calle Larga 1-23', postalCode: '', directions: 'Puerta azul' },
};

async function idsOf(shopper: {
  open: (page: 'addresses') => PromiseLike<{ text: string }>;
}): Promise<string[]> {
  const { text } = await shopper.open('addresses');
  return [...text.matchAll(/\/cuenta\/direcciones\/(\d+)"/g)].map(([, id]) => id!);
}

test('an address has a department or province and a municipality, and may lack a postal code', async () => {
  const { shopper } = await newCustomer();
  const refused = await shopper.submit(shopper.pathOf('newAddress'), {
    ...CUENCA,
    name: ' ',
    region: ' ',
    country: 'XX',
  });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('value="Calle Larga 1-23"');
  expect(refused.text).toContain('Escriba el departamento o la provincia.');
  expect(refused.text).toContain('Elija un país.');
  const added = await shopper.submit(shopper.pathOf('newAddress'), CUENCA);
  expect(added.headers.location).toBe(shopper.pathOf('addresses'));
  const { text } = await shopper.open('addresses');
  for (const part of ['Calle Larga 1-23', 'Cuenca, Azuay', 'Ecuador', 'Puerta azul'])
    expect(text).toContain(part);

  const [id] = await idsOf(shopper);
  const path = shopper.pathOf('address', { id: id! });
  const first = await shopper.get(path);
  expect(first.text).toContain('<option value="EC" selected>');
  const madrid = { country: 'ES', region: 'Madrid', municipality: 'Madrid', postalCode: '28013' };
  expect((await shopper.submit(path, { ...CUENCA, ...madrid })).status).toBe(303);
  // The version of the page that was opened before.
  const stale = await shopper.submit(path, { ...CUENCA, version: '1' });
  expect(stale.status).toBe(409);
  expect((await shopper.open('addresses')).text).toContain('28013 Madrid, Madrid');

  expect((await shopper.submit(shopper.pathOf('deleteAddress', { id: id! }))).status).toBe(303);
  expect(await idsOf(shopper)).toEqual([]);
});

test("another customer's address does not exist", async () => {
  const { shopper: owner } = await newCustomer();
  await owner.submit(owner.pathOf('newAddress'), CUENCA);
  const [id] = await idsOf(owner);
  const { shopper: other } = await newCustomer();
  await other.submit(other.pathOf('newAddress'), CUENCA);
  const [own] = await idsOf(other);
  const [path, deletion] = [other.pathOf('address', { id: id! }), other.pathOf('deleteAddress', { id: id! })];
  for (const page of [path, deletion]) expect([page, (await other.get(page)).status]).toEqual([page, 404]);
  // With the token of a page of their own.
  const { text } = await other.get(other.pathOf('address', { id: own! }));
  const token = /name="_csrf" value="([^"]+)"/.exec(text)![1]!;
  const change = { ...CUENCA, _csrf: token, _key: crypto.randomUUID(), version: '1', street: 'Otra' };
  expect((await other.post(path, change)).status).toBe(404);
  expect((await other.post(deletion, { _csrf: token, _key: crypto.randomUUID() })).status).toBe(404);
  expect((await owner.open('addresses')).text).toContain('Calle Larga 1-23');
  // Staff have no page for them either.
  const staff = await Client.signedIn();
  expect((await staff.get(path)).headers.location).toContain('/tienda/cuenta/iniciar-sesion');
});

test('an address that is saved while the account is deleted in another tab is not kept', async () => {
  const databases = await openDatabases();
  try {
    const nobody = 4_100_000_000;
    const save = databases.directory.transact((trx) => addAddress(trx, nobody, { ...CUENCA, country: 'EC' }));
    await expect(save).rejects.toMatchObject({ code: 'customer_changed' });
  } finally {
    await closeDatabases(databases);
  }
});

test('the same form sent twice adds one address, and twenty are the limit', async () => {
  const { shopper } = await newCustomer();
  const { text } = await shopper.open('newAddress');
  const token = /name="_csrf" value="([^"]+)"/.exec(text)![1]!;
  const add = (key: string, street: string) =>
    shopper.post(shopper.pathOf('addresses'), { ...CUENCA, street, _csrf: token, _key: key });
  const key = crypto.randomUUID();
  const twice = await Promise.all([add(key, 'Una'), add(key, 'Una')]);
  expect(twice.map(({ status }) => status)).toEqual([303, 303]);
  expect(await idsOf(shopper)).toHaveLength(1);
  const many = await Promise.all(
    Array.from({ length: 22 }, (_, index) => add(crypto.randomUUID(), `Calle ${index}`)),
  );
  expect(many.filter(({ status }) => status === 303)).toHaveLength(19);
  expect(many.find(({ status }) => status === 422)!.text).toContain('Puede guardar hasta 20 direcciones.');
});
