import type { RowDataPacket } from 'mysql2/promise';
import { Client } from './client.ts';
import { replicaHasAll } from './replication.ts';
import { stack } from './shared-stack.ts';
import { PASSWORD, Shopper, uniqueEmail } from './shopper.ts';
import { waitUntil } from './wait-until.ts';

interface KeptMail {
  id: string;
  template: string;
  language: string;
}

/** Oldest first; the shared system has no mail server, so it keeps them. */
export async function mailsTo(email: string): Promise<KeptMail[]> {
  const primary = await stack.connect('primary');
  const [rows] = await primary.query<RowDataPacket[]>(
    'SELECT id, template, language FROM mail WHERE recipient = ? ORDER BY created_at, id',
    [email],
  );
  await primary.end();
  return rows as KeptMail[];
}

/** Waits until there are as many. */
export async function waitForMails(email: string, count: number): Promise<KeptMail[]> {
  let found: KeptMail[] = [];
  await waitUntil(async () => {
    found = await mailsTo(email);
    return found.length >= count;
  });
  return found;
}

let administrator: Promise<Client> | undefined;

/** As an administrator reads it. */
export async function textOf({ id }: KeptMail): Promise<string> {
  administrator ??= Client.signedIn();
  const client = await administrator;
  let text = '';
  // The page is read from the replica.
  await waitUntil(async () => {
    const page = await client.get(`/mail/${id}`);
    text = page.text;
    return page.status === 200;
  });
  return text;
}

/** The path in the newest e-mail of the template. */
export async function linkTo(email: string, template: string): Promise<string> {
  let mail: KeptMail | undefined;
  await waitUntil(async () => {
    mail = (await mailsTo(email)).findLast((one) => one.template === template);
    return mail !== undefined;
  });
  const url = /<a href="https?:\/\/[^/]+(\/(?:tienda|shop)[^"]+)"/.exec(await textOf(mail!))?.[1];
  if (!url) throw new Error(`No link in the e-mail ${template} to ${email}`);
  return url;
}

/** Signed up, confirmed and signed in; every server knows them. */
export async function newCustomer(
  options: ConstructorParameters<typeof Shopper>[0] = {},
  email = uniqueEmail(),
): Promise<{ shopper: Shopper; email: string }> {
  const shopper = new Shopper(options);
  await shopper.signUp(email);
  const confirmed = await shopper.submit(await linkTo(email, 'confirm-address'), { password: PASSWORD });
  if (confirmed.status !== 303)
    throw new Error(`Confirming failed with ${confirmed.status}: ${confirmed.text}`);
  await replicaHasAll(stack);
  return { shopper, email };
}
