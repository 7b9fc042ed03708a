import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextDailyDigest } from '../../src/alerts/daily-time.ts';
import { signatureOf } from '../../src/alerts/webhook.ts';
import { datesIn } from '../../src/locales/dates.ts';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';

interface Example {
  isGenuine: (headers: Record<string, string>, body: string, secret: string) => boolean;
}

// The example of the specification's reference implementations.
test('signs as the Standard Webhooks specification does', () => {
  const message = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1_614_265_330,
    body: '{"test": 2432232314}',
  };
  expect(signatureOf(message, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('the example of the manual accepts what is signed, and nothing that is changed, old or signed with another key', async () => {
  const manual = await readFile(join(PROJECT_DIR, 'docs/deployment.md'), 'utf8');
  const code = /```js\n([^]*?isGenuine[^]*?)```/.exec(manual)![1]!;
  const { isGenuine } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Example;
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const body = '{"type":"stock.level_dropped"}';
  const timestamp = Math.floor(Date.now() / 1000);
  const headersAt = (time: number) => ({
    'webhook-id': 'a',
    'webhook-timestamp': String(time),
    'webhook-signature': signatureOf({ id: 'a', timestamp: time, body }, secret),
  });
  expect(isGenuine(headersAt(timestamp), body, secret)).toBe(true);
  expect(isGenuine(headersAt(timestamp), `${body} `, secret)).toBe(false);
  expect(isGenuine({ ...headersAt(timestamp), 'webhook-id': 'b' }, body, secret)).toBe(false);
  expect(isGenuine(headersAt(timestamp - 3600), body, secret)).toBe(false);
  expect(isGenuine(headersAt(timestamp), body, `whsec_${randomBytes(32).toString('base64')}`)).toBe(false);
  expect(isGenuine({}, body, secret)).toBe(false);
});

test('the next daily digest is at seven in its zone, within a day and an hour', () => {
  const zones = ['UTC', 'America/Guayaquil', 'Europe/Madrid', 'America/Santiago', 'Asia/Kathmandu'];
  const moments = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(fc.constantFrom(...zones), moments, (zone, now) => {
      const next = nextDailyDigest(now, zone);
      expect(datesIn('en', zone).toWallClock(next).toISOString()).toMatch(/T07:00:00\.000Z$/);
      expect(+next).toBeGreaterThan(+now);
      expect(+next - +now).toBeLessThanOrEqual(25 * 3600_000);
    }),
  );
});
