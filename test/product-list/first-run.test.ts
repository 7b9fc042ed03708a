import { expect, test } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { ROLES } from '../../src/auth/permissions.ts';
import { i18n } from '../../src/http/i18n.ts';
import { useViews } from '../../src/http/views.ts';
import { listView, readListChoices } from '../../src/product-list/list-choices.ts';
import { plainUnit, unitWord } from '../../src/products/unit-queries.ts';
import { priceFields } from '../../src/product-list/price-range.ts';
import { AVAILABILITIES, FACETS, filterQuery, readFilter } from '../../src/product-list/product-filter.ts';

/** The list of a catalogue without products; the system under test has some. */
async function emptyList(query: string, isAllowed: boolean): Promise<string> {
  const app = express();
  useViews(app);
  app.set('query parser', 'simple');
  app.use(await i18n('UTC', { code: 'USD', decimals: 2 }));
  app.get('/products', (req, res) => {
    res.render('products/list', {
      filter: readFilter(req.query),
      prices: priceFields(req.query, readFilter(req.query), req),
      page: { items: [], total: 0, totalIsExact: true },
      categories: [],
      availabilities: AVAILABILITIES,
      facets: FACETS,
      filterQuery,
      ...listView(readListChoices(null), ROLES.clerk),
      may: () => isAllowed,
      trashDays: 30,
      unitWord,
      unitOf: plainUnit,
      asset: (path: string) => path,
      csrfToken: () => 'token',
      newKey: () => 'key',
    });
  });
  return (await request(app).get(`/products${query}`).set('Accept-Language', 'es')).text;
}

const isHidden = (html: string, id: string) => new RegExp(`<[^>]*id="${id}"[^>]*\\shidden>`).test(html);

test('without products the page says how to begin, in place of an empty table', async () => {
  const html = await emptyList('', true);
  expect(['filters', 'results', 'empty'].map((id) => isHidden(html, id))).toEqual([true, true, false]);
  const start = /<section class="empty-state"[^]*?<\/nav>/.exec(html)![0];
  expect(start).toContain('Todavía no hay productos');
  expect(start).toContain('href="/products/new"');
  expect(start).toContain('href="/imports"');
});

test('a viewer is told that others register products; a filter that matches nothing is not a first run', async () => {
  const forViewer = await emptyList('', false);
  expect(forViewer).toContain('en cuanto alguien los agregue');
  expect(forViewer).not.toContain('href="/products/new"');
  const filtered = await emptyList('?search=nada', true);
  expect(isHidden(filtered, 'filters')).toBe(false);
  expect(filtered).toContain('No se encontraron productos');
  expect(filtered).not.toContain('Todavía no hay productos');
});
