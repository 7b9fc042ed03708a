import { expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { HASHES_AT_ONCE } from '../../src/auth/password.ts';
import { clientFrom, newAddress } from '../support/addresses.ts';
import { Client } from '../support/client.ts';
import { createPerson } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';

/** More than any machine compares within the longest wait of 15 s. */
const LOG_INS = 180 * HASHES_AT_ONCE;

test('of too many log-ins at once, some wait and the others are refused early, and pages are served', async () => {
  const person = await createPerson(await Client.signedIn(), 'viewer');
  const address = newAddress();
  const clients = await Promise.all(
    Array.from({ length: LOG_INS }, async () => {
      const client = clientFrom(address, 'web3');
      await client.takeToken('/login');
      return client;
    }),
  );
  const finished: (number | 'page')[] = [];
  const { username, password } = person;
  const logIns = clients.map(async (client) => {
    const response = await client.post('/login', { username, password });
    finished.push(response.status);
    return response;
  });
  const reader = clientFrom(address, 'web3');
  await reader.get('/login').then(() => finished.push('page'));
  const responses = await Promise.all(logIns);

  const refused = responses.filter(({ status }) => status !== 303);
  expect(refused.length).toBeGreaterThan(0);
  // How many are accepted depends on the machine: about 70 on a fast one.
  expect(LOG_INS - refused.length).toBeGreaterThan(5);
  for (const { status, headers, text } of refused) {
    expect(status).toBe(503);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(text).toMatch(
      /Muchas personas están iniciando sesión a la vez\. Inténtelo de nuevo en \d+ segundos\./,
    );
    expect(text).toContain(`value="${username}"`);
  }
  const accepted = finished.filter((status) => status === 303).length;
  const acceptedBefore = (what: number | 'page') =>
    finished.slice(0, finished.lastIndexOf(what)).filter((status) => status === 303).length;
  expect(acceptedBefore(503)).toBeLessThan(accepted / 2);
  expect(acceptedBefore('page')).toBeLessThan(accepted / 2);

  const primary = await stack.connect('primary');
  const [counted] = await primary.query<RowDataPacket[]>(
    'SELECT subject, attempts, pending FROM login_attempt WHERE subject LIKE ? AND attempts + pending > 0',
    [`%${address}%`],
  );
  await primary.end();
  expect(counted).toEqual([]);
});
