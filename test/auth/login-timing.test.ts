import { expect, test } from '@jest/globals';
import { Client } from '../support/client.ts';
import { stack } from '../support/shared-stack.ts';

/** `LOGIN_TRIES=500` measures to a few ms, in some minutes on an idle machine. */
const TRIES = Number(process.env.LOGIN_TRIES ?? 25);

test('an unknown user takes as long as a wrong password', async () => {
  // Straight to one instance, to leave out NGINX.
  const client = new Client(`http://127.0.0.1:${stack.process('web1').port}`);
  await client.takeToken('/login');
  const primary = await stack.connect('primary');
  const durations: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  const attempt = async (kind: 'known' | 'unknown', username: string) => {
    const startedAt = performance.now();
    const { status } = await client.post('/login', { username, password: 'not the password' });
    durations[kind].push(performance.now() - startedAt);
    expect(status).toBe(422);
  };
  for (let i = 0; i < TRIES; i++) {
    // New counts for each pair because of the limits; the order alternates.
    await primary.query('DELETE FROM login_attempt');
    const tries = [() => attempt('known', 'admin'), () => attempt('unknown', 'nadia')];
    for (const one of i % 2 ? tries.reverse() : tries) await one();
  }
  await primary.query('DELETE FROM login_attempt');
  await primary.end();
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const [known, unknown] = [median(durations.known), median(durations.unknown)];
  console.log(
    `Medians of ${TRIES} tries: known ${known.toFixed(1)} ms, unknown ${unknown.toFixed(1)} ms, ` +
      `difference ${Math.abs(known - unknown).toFixed(1)} ms`,
  );
  // Without the dummy comparison, unknown users are about ten times faster.
  expect(unknown / known).toBeGreaterThan(0.5);
  expect(unknown / known).toBeLessThan(2);
}, 1_200_000);
