import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { alertSettings, needPairs } from '../../src/config/alerts.ts';
import { readSettings, SettingsError } from '../../src/config/settings.ts';

const settings = z.object(alertSettings);
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

function problemOf(environment: Record<string, string>): string {
  try {
    readSettings(settings.superRefine(needPairs), environment);
    return '';
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.message;
  }
}

test('without settings, nothing is set up', () => {
  expect(readSettings(settings, { SMTP_URL: '', WEBHOOK_URL: '' })).toEqual({});
});

test.each([
  'https://example.com/hooks/inventario',
  'https://192.0.2.7/x',
  'http://127.0.0.1:9000/x',
  'http://localhost:9000',
  'http://n8n:5678/webhook/7',
  'http://192.168.1.20/x',
  'http://10.1.2.3/x',
  'http://172.31.0.2/x',
  'http://[::1]/x',
  'http://[fd00::7]/x',
  'http://caja.local/x',
])('a webhook may go to %s', (address) => {
  expect(problemOf({ WEBHOOK_URL: address, WEBHOOK_SECRET: SECRET })).toBe('');
});

test.each([
  'http://example.com/x',
  'http://192.0.2.7/x',
  'http://172.32.0.1/x',
  'http://169.254.169.254/latest/meta-data',
  'http://[2001:db8::1]/x',
  'https://user:t0k3n@example.com/x',
  'ftp://example.com/x',
  'file:///etc/passwd',
  'tienda.test',
])('a webhook may not go to %s, and the message does not repeat it', (address) => {
  const problem = problemOf({ WEBHOOK_URL: address, WEBHOOK_SECRET: SECRET });
  expect(problem).toMatch(
    /^WEBHOOK_URL is not acceptable; it must be an address with https:\/\/, or with http/,
  );
  expect(problem).not.toContain(address);
});

test.each([
  'smtp://127.0.0.1:2525',
  'smtps://mail.example.com',
  'smtp://user:p%40ss@mail.example.com:587',
  'smtp://[::1]:25',
])('mail may go to %s', (address) => {
  expect(problemOf({ SMTP_URL: address, MAIL_FROM: 'Inventario <inventario@example.com>' })).toBe('');
});

test.each([
  'correo.test',
  'https://mail.example.com',
  'smtp://',
  'smtp://user@mail.example.com',
  'smtp://user:50%secret@mail.example.com',
])('mail may not go to %s, and the message does not repeat it', (address) => {
  const problem = problemOf({ SMTP_URL: address, MAIL_FROM: 'inventario@example.com' });
  expect(problem).toMatch(/^SMTP_URL is not acceptable; it must be the address of a mail server/);
  expect(problem).not.toContain(address);
});

test.each([
  [{ SMTP_URL: 'smtp://127.0.0.1' }, /^MAIL_FROM is not set; it must be a mail address/],
  [{ SMTP_URL: 'smtp://127.0.0.1', MAIL_FROM: 'Inventario' }, /^MAIL_FROM is "Inventario"; it must be/],
  [{ MAIL_FROM: 'a@example.com\r\nBcc: b@example.com' }, /^MAIL_FROM is/],
  [{ WEBHOOK_URL: 'http://127.0.0.1' }, /^WEBHOOK_SECRET is not set; it must be whsec_/],
  [
    { WEBHOOK_URL: 'http://127.0.0.1', WEBHOOK_SECRET: 'whsec_c2hvcnQ=' },
    /^WEBHOOK_SECRET is not acceptable/,
  ],
  [{ PUBLIC_URL: 'inventario.example.com' }, /^PUBLIC_URL is "inventario.example.com"; it must be/],
])('says what is missing or wrong: %j', (environment, message) => {
  expect(problemOf(environment)).toMatch(message);
});
