import type { Role } from '../../src/database/tables.ts';
import { Client } from './client.ts';
import { stack } from './shared-stack.ts';

export interface Person {
  id: number;
  username: string;
  password: string;
  client: Client;
}

let counter = 0;

/** Creates and signs in a user, still with the one-time password unless `choosesPassword`. */
export async function createPerson(
  administrator: Client,
  role: Role,
  { choosesPassword = true } = {},
): Promise<Person> {
  await clearFailedLogIns();
  const username = `${role}-${Date.now().toString(36)}-${counter++}`;
  const created = await administrator.post('/users', { username, role });
  const oneTime = oneTimePasswordIn(created.text);
  const id = Number(/href="\/users\/(\d+)"/.exec(created.text)?.[1]);
  const client = new Client();
  const entered = await client.logIn(username, oneTime);
  if (entered.status !== 303) throw new Error(`${username} cannot log in: ${entered.status}`);
  if (!choosesPassword) return { id, username, password: oneTime, client };
  const password = `roble-azul-${counter}-${username}`;
  const changed = await client.post('/password', { current: oneTime, password, repeated: password });
  if (changed.status !== 303) throw new Error(`${username} cannot choose a password: ${changed.text}`);
  await client.takeToken('/password');
  return { id, username, password, client };
}

/** All tests share one address, so failed log-ins of one file would block those of another. */
async function clearFailedLogIns(): Promise<void> {
  const primary = await stack.connect('primary');
  await primary.query("DELETE FROM login_attempt WHERE subject = 'address 127.0.0.1'");
  await primary.end();
}

export function oneTimePasswordIn(html: string): string {
  const password = /one-time-password">([^<]+)</.exec(html)?.[1];
  if (!password) throw new Error(`The page shows no one-time password: ${html}`);
  return password;
}
