import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextDailyDigest } from '../../src/alerts/daily-time.ts';
import { signatureOf } from '../../src/alerts/webhook.ts';
import { datesIn } from '../../src/locales/dates.ts';

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
