import { expect, test } from '@jest/globals';
import { Client } from '../support/client.ts';

const tokensOf = (text: string) =>
  [...text.matchAll(/name="_csrf" value="([^"]+)"/g)].map(([, token]) => token);

test('pages are compressed, files to download are not', async () => {
  const client = await Client.signedIn();
  for (const path of ['/login', '/products', '/imports', '/health', '/no-such-page', '/api/products']) {
    const response = await client.get(path).set('Accept-Encoding', 'gzip');
    if (response.status === 303) continue;
    expect([path, response.headers['content-encoding']]).toEqual([path, 'gzip']);
    expect([path, response.headers.vary]).toEqual([path, expect.stringContaining('Accept-Encoding')]);
  }
  const file = await client.get('/products/export.xlsx').set('Accept-Encoding', 'gzip');
  expect(file.headers['content-encoding']).toBeUndefined();
});

test('every page masks the CSRF token anew, and each of them is accepted', async () => {
  const client = await Client.signedIn();
  const pages = [await client.get('/products'), await client.get('/products'), await client.get('/password')];
  const tokens = pages.map(({ text }) => tokensOf(text));
  for (const onPage of tokens) expect(new Set(onPage).size).toBe(1);
  const different = tokens.map(([token]) => token!);
  expect(new Set(different).size).toBe(3);
  for (const token of different) {
    const response = await client.agent
      .patch('/api/products/1/quantity')
      .set('x-csrf-token', token)
      .send({ delta: 0 });
    expect(response.status).not.toBe(403);
  }
});

test('what is not a token that this server has masked is refused', async () => {
  const client = await Client.signedIn();
  const changed = Buffer.from(client.token, 'base64url');
  changed[3]! ^= 1;
  for (const token of ['', '.', 'AA', 'AAA', changed.toString('base64url'), client.token.slice(0, -4)]) {
    const response = await client.agent.post('/logout').type('form').send({ _csrf: token });
    expect([token, response.status]).toEqual([token, 403]);
  }
});
