import { setTimeout as sleep } from 'node:timers/promises';
import { hashPassword, verifyPassword } from '../../src/auth/password.ts';
import { Person } from './person.ts';
import type { Row } from './report.ts';
import { figuresOf } from './timing.ts';

const PEOPLE = 30;
const PAGE_LIMIT_MS = 100;
const PAUSE_MS = 20;

/** Thirty people who log in at once, beside as many bare comparisons and the pages of somebody who reads meanwhile. */
export async function measureLogIns(url: string, reader: Person, rounds: number): Promise<Row[]> {
  const rates: number[] = [];
  const bare: number[] = [];
  const pages: number[] = [];
  const hash = await hashPassword('una contraseña');
  for (let round = 0; round < rounds; round++) {
    const logIns = { areDone: false };
    const rate = rateOf(async () => (await Person.signIn(url)).close()).finally(
      () => (logIns.areDone = true),
    );
    const reading = readUntil(logIns, reader);
    rates.push(await rate);
    pages.push(...(await reading));
    bare.push(await rateOf(() => verifyPassword('una contraseña', hash)));
  }
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
  const times = figuresOf(pages);
  return [
    { what: 'floor: bcrypt, one at a time', rate: total(bare) / rounds },
    {
      what: `${PEOPLE} log-ins at once`,
      rate: total(rates) / rounds,
      shareOfFloor: total(rates) / total(bare),
    },
    {
      what: 'pages of others meanwhile',
      times,
      target: `p95 ≤ ${PAGE_LIMIT_MS}`,
      isMet: times.p95 <= PAGE_LIMIT_MS,
    },
  ];
}

async function readUntil(logIns: { areDone: boolean }, reader: Person): Promise<number[]> {
  const times: number[] = [];
  while (!logIns.areDone) {
    times.push((await reader.get('/api/products')).ms);
    await sleep(PAUSE_MS);
  }
  return times;
}

async function rateOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await Promise.all(Array.from({ length: PEOPLE }, work));
  return (PEOPLE * 1000) / (performance.now() - began);
}
