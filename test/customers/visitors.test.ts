import { expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { createApp } from '../../src/app.ts';
import { networkOf } from '../../src/auth/network.ts';
import { closeDatabases, createDatabases } from '../../src/database/databases.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { LANGUAGES } from '../../src/locales/languages.ts';
import { pathOf, routesOf as routesOfPage, type ShopPage } from '../../src/shop/shop-paths.ts';
import { Heartbeat } from '../../src/system/heartbeat.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { newAddress } from '../support/addresses.ts';
import { linkTo, mailsTo, newCustomer, waitForMails } from '../support/kept-mail.ts';
import { routesOf } from '../support/routes.ts';
import { stack } from '../support/shared-stack.ts';
import { PASSWORD, Shopper, uniqueEmail } from '../support/shopper.ts';
import { waitUntil } from '../support/wait-until.ts';
import { webConfig } from '../support/web-config.ts';

/** `LOGIN_TRIES=200` measures to a few ms, in some minutes on an idle machine. */
const TRIES = Number(process.env.LOGIN_TRIES ?? 21);
const OPEN: ShopPage[] = ['logIn', 'signUp', 'checkMail', 'forgotten'];
const OPENED_BY_LINKS: ShopPage[] = ['confirm', 'reset', 'confirmEmail'];
const CLOSED: ShopPage[] = [
  ...(['account', 'details', 'password', 'email', 'deleteAccount'] as const),
  ...(['orders', 'addresses', 'newAddress', 'address', 'deleteAddress', 'sell'] as const),
];
/** To customers who do not sell, these do not exist (test/sellers/owner-only.test.ts). */
const OF_SELLERS: ShopPage[] = [
  ...(['sellProducts', 'newSellProduct', 'sellProduct', 'sellPhotos', 'sellPhoto', 'sellPhotoFile'] as const),
  ...(['sellOrders', 'sellOrder', 'shipSellOrder', 'payouts'] as const),
];
const PARAMS = { id: '1', photo: '0'.repeat(64), file: `${'0'.repeat(64)}-640.webp`, number: 'AAAA-AAAA' };

test('a visitor gets no cookie before the first form, and none that opens anything after it', async () => {
  for (const language of LANGUAGES) {
    const shopper = new Shopper({ language });
    for (const page of [...OPEN, ...CLOSED, ...OF_SELLERS]) {
      const { headers } = await shopper.open(page, PARAMS);
      expect([page, headers['set-cookie']]).toEqual([page, undefined]);
    }
    expect((await shopper.logIn(uniqueEmail())).status).toBe(422);
    expect(shopper.cookies()).toEqual([]);
  }
});

test('these are all routes of the account', async () => {
  const config = await webConfig();
  const databases = createDatabases(config);
  const logger = createLogger(config);
  const jobs = new Jobs(config, databases, logger);
  const heartbeat = new Heartbeat(config, databases, jobs);
  const draining = new AbortController().signal;
  const app = await createApp({ config, databases, logger, heartbeat, jobs, draining });
  await closeDatabases(databases);
  const found = routesOf(app).map(({ path }) => path);
  const pages = [...OPEN, ...OPENED_BY_LINKS, ...CLOSED, ...OF_SELLERS, 'logOut' as const];
  expect([...new Set(found.filter((path) => /\/(cuenta|account)(\/|$)/.test(path)))].sort()).toEqual(
    pages.flatMap(routesOfPage).sort(),
  );
});

test('every page of the account asks a visitor to log in, however its address is spelled, and leads back', async () => {
  for (const language of LANGUAGES) {
    const shopper = new Shopper({ language });
    const logIn = shopper.pathOf('logIn');
    // A photo is no page to return to.
    const pages = [...CLOSED, ...OF_SELLERS].filter((page) => page !== 'sellPhotoFile');
    for (const page of pages) {
      const path = pathOf(language, page, PARAMS);
      const opened = await shopper.get(path);
      expect([path, opened.headers.location]).toEqual([path, `${logIn}?return=${encodeURIComponent(path)}`]);
      const posted = await shopper.post(path, { current: PASSWORD });
      expect([path, posted.headers.location]).toEqual([path, expect.stringContaining('notice=ended')]);
      for (const spelling of [path.toUpperCase(), `${path}/`]) {
        const { headers } = await shopper.get(spelling);
        expect([spelling, headers.location]).toEqual([spelling, expect.stringContaining(`${logIn}?return=`)]);
      }
    }
    const program = await shopper.open('account').set('Accept', 'application/json');
    expect(program.status).toBe(401);
  }
  const { email } = await newCustomer();
  const shopper = new Shopper();
  const { headers } = await shopper.open('addresses');
  const answer = await shopper.submit(headers.location!, { email, password: PASSWORD });
  expect(answer.headers.location).toBe(shopper.pathOf('addresses'));
});

test('each page leads to itself in the other language', async () => {
  const { shopper } = await newCustomer();
  for (const who of [new Shopper(), shopper]) {
    for (const page of who === shopper
      ? CLOSED.filter((one) => !/^(address|deleteAddress)$/.test(one))
      : OPEN) {
      const { text } = await who.get(`${who.pathOf(page)}?t=1`);
      expect([page, text]).toEqual([page, expect.stringContaining(`href="${pathOf('en', page)}?t=1"`)]);
    }
  }
});

test('a log-in leads to no other site, and to no page of staff', async () => {
  const { email } = await newCustomer();
  for (const target of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/users',
    '/tiendas',
    '',
  ]) {
    const shopper = new Shopper();
    const path = `${shopper.pathOf('logIn')}?return=${encodeURIComponent(target)}`;
    const { headers } = await shopper.submit(path, { email, password: PASSWORD, return: target });
    expect([target, headers.location]).toEqual([target, shopper.pathOf('account')]);
  }
});

/** Without what differs in every answer. */
const comparable = (text: string, email: string) =>
  text
    .replaceAll(email, 'EMAIL')
    .replace(/nonce="[^"]+"/g, '')
    .replace(/name="_key" value="[^"]+"/g, '');

test('no answer tells whether an address has an account', async () => {
  const { email: known } = await newCustomer();
  const unknown = uniqueEmail();
  const answersFor = async (email: string) => {
    const shopper = new Shopper();
    const answers = [
      await shopper.signUp(email),
      await shopper.submit(shopper.pathOf('forgotten'), { email }),
      await shopper.open('checkMail'),
      await shopper.logIn(email, 'not the password'),
    ];
    return answers.map(({ status, text, headers }) => ({
      status,
      location: headers.location,
      cookies: headers['set-cookie'],
      length: comparable(text, email).length,
      text: comparable(text, email),
    }));
  };
  const answers = await answersFor(known);
  expect(answers).toEqual(await answersFor(unknown));
  expect(answers.map(({ status }) => status)).toEqual([303, 303, 200, 422]);
  // The e-mail tells, to whom it may.
  const mails = await waitForMails(known, 3);
  expect(mails.map(({ template }) => template).sort()).toEqual([
    ...['account-exists', 'confirm-address', 'reset-password'],
  ]);
  await linkTo(unknown, 'confirm-address');
  expect(await mailsTo(unknown)).toHaveLength(1);
});

test('a form takes as long for an address with an account as for one without', async () => {
  const { email: known } = await newCustomer();
  const forms = {
    'log-in': (shopper: Shopper, email: string) => shopper.logIn(email, 'not the password'),
    'sign-up': (shopper: Shopper, email: string) => shopper.signUp(email),
    forgotten: (shopper: Shopper, email: string) => shopper.submit(shopper.pathOf('forgotten'), { email }),
  };
  const primary = await stack.connect('primary');
  for (const [form, send] of Object.entries(forms)) {
    const durations: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    const attempt = async (kind: 'known' | 'unknown') => {
      const shopper = new Shopper();
      // The connection and the page are not measured twice.
      await shopper.open('logIn');
      const startedAt = performance.now();
      await send(shopper, kind === 'known' ? known : uniqueEmail());
      durations[kind].push(performance.now() - startedAt);
    };
    for (let i = 0; i < TRIES; i++) {
      await primary.query("DELETE FROM login_attempt WHERE subject LIKE 'user customer %'");
      const kinds = ['known', 'unknown'] as const;
      for (const kind of i % 2 ? kinds.toReversed() : kinds) await attempt(kind);
    }
    const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
    const [one, other] = [median(durations.known), median(durations.unknown)];
    console.log(`${form}: ${one.toFixed(1)} ms with an account, ${other.toFixed(1)} ms without`);
    expect([form, one / other > 0.5, one / other < 2]).toEqual([form, true, true]);
  }
  await primary.end();
}, 1_200_000);

test('a program that fills in every field gets the same answer, and nothing happens', async () => {
  const email = uniqueEmail();
  const shopper = new Shopper();
  const fields = {
    name: 'Bot',
    email,
    password: PASSWORD,
    repeated: PASSWORD,
    website: 'https://spam.example',
  };
  const asked = await shopper.submit(shopper.pathOf('signUp'), fields);
  expect(asked.headers.location).toBe(shopper.pathOf('checkMail'));
  const primary = await stack.connect('primary');
  const [rows] = await primary.query('SELECT 1 FROM customer_token WHERE email = ?', [email]);
  await primary.end();
  expect(rows).toEqual([]);
});

test('a visitor cannot have more than thirty e-mails sent in a quarter of an hour, nor five to one address', async () => {
  const address = newAddress();
  const statuses: number[] = [];
  for (let i = 0; i < 32; i++) {
    const shopper = new Shopper({ address, url: instanceUrl(i) });
    const answer = await shopper.submit(shopper.pathOf('forgotten'), { email: uniqueEmail() });
    statuses.push(answer.status);
    if (answer.status !== 429) continue;
    expect(answer.text).toContain('Demasiadas solicitudes');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  }
  expect(statuses.filter((status) => status === 303)).toHaveLength(30);

  const { email } = await newCustomer();
  for (let i = 0; i < 8; i++) {
    const shopper = new Shopper();
    await shopper.submit(shopper.pathOf('forgotten'), { email });
  }
  const primary = await stack.connect('primary');
  const isAnswered = "SELECT 1 FROM customer_token WHERE email = ? AND state = 'asked'";
  await waitUntil(async () => (await primary.query<RowDataPacket[]>(isAnswered, [email]))[0].length === 0);
  await primary.end();
  await waitForMails(email, 6);
  // It is of another kind, and comes after all of them.
  await new Shopper().signUp(email);
  await linkTo(email, 'account-exists');
  const resets = (await mailsTo(email)).filter(({ template }) => template === 'reset-password');
  expect(resets).toHaveLength(5);
});

const instanceUrl = (index: number) => stack.instanceUrls()[index % 3]!;

test('on a network with too many wrong log-ins, nobody learns who has an account, not even there', async () => {
  const address = newAddress();
  const { shopper: known, email } = await newCustomer({ address });
  await known.submit(known.pathOf('account'), {}, known.pathOf('logOut'));
  const primary = await stack.connect('primary');
  await primary.query(
    `REPLACE INTO login_attempt (subject, attempts, pending, window_ends_at)
     VALUES (?, 100, 0, UTC_TIMESTAMP(3) + INTERVAL 15 MINUTE)`,
    [`address ${networkOf(address)}`],
  );
  await primary.end();
  for (const asked of [email, uniqueEmail()])
    expect([asked, (await new Shopper({ address }).logIn(asked, 'wrong')).status]).toEqual([asked, 429]);
});

test('wrong passwords are limited as those of staff, and do not lock the customer out', async () => {
  const { shopper: home, email } = await newCustomer();
  await home.submit(home.pathOf('account'), {}, home.pathOf('logOut'));
  const stranger = new Shopper();
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) statuses.push((await stranger.logIn(email, `wrong ${i}`)).status);
  expect(statuses).toEqual([...Array<number>(10).fill(422), 429, 429]);
  const refused = await stranger.logIn(email);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect((await new Shopper().logIn(email)).status).toBe(303);
  // From all networks together it is too much, but not from where the customer was last.
  const primary = await stack.connect('primary');
  await primary.query("UPDATE login_attempt SET attempts = 100 WHERE subject LIKE 'user customer %'");
  expect((await new Shopper().logIn(email)).status).toBe(429);
  const known = new Shopper();
  await primary.query("DELETE FROM login_attempt WHERE subject LIKE 'user customer %'");
  expect((await known.logIn(email)).status).toBe(303);
  await known.submit(known.pathOf('account'), {}, known.pathOf('logOut'));
  await new Shopper().logIn(email, 'wrong');
  await primary.query("UPDATE login_attempt SET attempts = 100 WHERE subject LIKE 'user customer %'");
  expect((await known.logIn(email)).status).toBe(303);
  await primary.query("DELETE FROM login_attempt WHERE subject LIKE 'user customer %'");
  await primary.end();
});
