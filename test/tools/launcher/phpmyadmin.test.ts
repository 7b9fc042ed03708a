import { expect, test } from '@jest/globals';
import request from 'supertest';
import { port, stack } from '../../support/shared-stack.ts';

test.each([
  [1, 'primary'],
  [2, 'replica1'],
])('phpMyAdmin offers server %d, %s, and logs in to it', async (number, name) => {
  const agent = request.agent(`http://127.0.0.1:${port + 1}`);
  const page = await agent.get('/').redirects(2);
  expect(page.text).toMatch(new RegExp(`<option\\s+value="${number}"[^>]*>\\s*${name}`));
  const token = /name="token" value="([^"]*)"/.exec(page.text)![1]!;
  const signedIn = await agent
    .post('/index.php?route=/')
    .type('form')
    .send({ token, server: number, pma_username: 'root', pma_password: await stack.secret('ROOT_PASSWORD') })
    .redirects(2);
  expect(signedIn.text).toContain('logged_in:true');
  const table = `server=${number}&db=inventario&table=category&pos=0&session_max_rows=500`;
  const rows = await agent.get(`/index.php?route=/sql&${table}`);
  expect(rows.text).toContain('Electrónicos');
});
