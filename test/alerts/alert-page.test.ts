import { beforeAll, expect, test } from '@jest/globals';
import { Client } from '../support/client.ts';
import { createPerson, type Person } from '../support/people.ts';

let viewer: Person;

beforeAll(async () => {
  viewer = await createPerson(await Client.signedIn(), 'viewer');
});

test('each person chooses for themselves, and the page says that this server sends no e-mail', async () => {
  const { text } = await viewer.client.get('/alerts');
  expect(text).toContain('todavía no envía correos');
  expect(text).toContain('value="none" checked');
  const saved = await viewer.client.post('/alerts', {
    email: ' yo@example.com ',
    cadence: 'daily',
    language: 'en',
  });
  expect([saved.status, saved.headers.location]).toEqual([303, '/alerts']);
  const again = (await viewer.client.get('/alerts')).text;
  expect(again).toContain('Avisos guardados.');
  expect(again).toContain('value="yo@example.com"');
  expect(again).toContain('value="daily" checked');
  expect(again).toContain('value="en" selected');
  await viewer.client.post('/alerts', { email: '', cadence: 'none', language: 'es' });
});

test('the page tells administrators, and no one else, how to set up e-mail and webhook', async () => {
  const { text } = await (await Client.signedIn()).get('/alerts');
  for (const name of ['SMTP_URL', 'MAIL_FROM', 'WEBHOOK_URL', 'WEBHOOK_SECRET', 'docs/deployment.md'])
    expect(text).toContain(name);
  expect((await viewer.client.get('/alerts')).text).not.toContain('SMTP_URL');
});

test.each([
  [{ email: 'yo@', cadence: 'soon', language: 'es' }, 'Escriba un correo válido', 'value="yo@"'],
  [
    { email: '', cadence: 'daily', language: 'es' },
    'Escriba el correo que recibirá',
    'value="daily" checked',
  ],
  [
    { email: 'a@example.com\r\nBcc: b@example.com', cadence: 'soon', language: 'es' },
    'Escriba un correo válido',
    'Bcc',
  ],
  [{ email: 'a@example.com', cadence: 'often', language: 'es' }, 'Elija cuándo', 'value="a@example.com"'],
  [{ email: 'a@example.com', cadence: 'soon', language: 'fr' }, 'Elija un idioma', 'value="soon" checked'],
])('a wrong choice is refused beside its field, which keeps it: %j', async (fields, message, kept) => {
  const { status, text } = await viewer.client.post('/alerts', fields);
  expect(status).toBe(422);
  expect(text).toContain(message);
  expect(text).toContain(kept);
});
