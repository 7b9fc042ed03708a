import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { logIn } from '../support/browser-log-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { accessibilityViolations, PHONE } from '../support/looks.ts';
import { createPerson, type Person } from '../support/people.ts';
import { baseUrl } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const LONG_WORD = 'Desoxirribonucleico'.repeat(6).slice(0, 100);
const ON_PHONE = { viewport: PHONE, isMobile: true, hasTouch: true };
const desk = (width: number) => ({ viewport: { width, height: 850 } });
/** Holds fifty ordinary products. The list shows them first: they are newer than what other tests left. */
const CATEGORY = `Papelería ${uniqueCode()}`;
const LIST = `/products?category=${encodeURIComponent(CATEGORY)}`;

let browser: Browser;
let client: Client;

beforeAll(async () => {
  browser = await launchChromium();
  client = await Client.signedIn();
  for (let number = 1; number <= 50; number += 1) {
    await client.register({
      name: `Cuaderno cuadriculado A4 de ${number} hojas`,
      category: '__other__',
      newCategory: CATEGORY,
    });
  }
});

afterAll(() => browser.close());

async function onPage(
  options: BrowserContextOptions,
  work: (page: Page) => Promise<void>,
  person?: Person,
): Promise<void> {
  const context = await browser.newContext({ baseURL: baseUrl, locale: 'es-ES', ...options });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await logIn(page, person);
    await work(page);
  } finally {
    await context.close();
  }
}

/** A computed style of each element, with tokens such as `--danger` resolved to colours. */
async function styles(page: Page, selector: string, property: string): Promise<string[]> {
  return page
    .locator(selector)
    .evaluateAll(
      (elements, name) => elements.map((element) => getComputedStyle(element).getPropertyValue(name)),
      property,
    );
}

async function token(page: Page, name: string): Promise<string> {
  return page.evaluate((variable) => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.className = 'probe';
    probe.style.setProperty('color', `var(${variable})`);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }, name);
}

test.each(['light', 'dark'] as const)('states have one set of colours: %s', async (colorScheme) => {
  const { id } = await client.register({ quantity: 9 });
  await client.changeQuantity(id, { delta: -4 });
  await onPage({ ...desk(1440), colorScheme }, async (page) => {
    await page.goto('/products/new');
    await page.click('main button[type=submit]');
    await page.waitForSelector('.is-invalid:focus');
    const invalid = '.is-invalid:not(:focus)';
    expect(new Set(await styles(page, invalid, 'border-top-color'))).toEqual(
      new Set([await token(page, '--danger')]),
    );
    expect(await styles(page, '.is-invalid:focus', 'border-top-color')).toEqual([
      await token(page, '--danger'),
    ]);
    const valid = await styles(page, '.form-control:not(.is-invalid):not([type=hidden])', 'border-top-color');
    expect(valid).not.toContain(await token(page, '--danger'));

    await page.goto(`/products/${id}`);
    expect(await styles(page, '.delta-in', 'color')).toEqual([await token(page, '--ok-text')]);
    expect(await styles(page, '.delta-out', 'color')).toEqual([await token(page, '--out-text')]);

    // Bootstrap's own blue, green, red, cyan and yellow appear nowhere.
    const classes = ['btn btn-primary', 'btn btn-success', 'btn btn-danger', 'btn btn-outline-danger'];
    classes.push('btn btn-link', 'alert alert-info', 'alert alert-success', 'alert alert-warning');
    classes.push('alert alert-danger', 'form-check-input', 'badge');
    const colours = await page.evaluate((names) => {
      const found = new Set<string>();
      for (const name of names) {
        const probe = document.body.appendChild(document.createElement('button'));
        probe.className = name;
        const { color, backgroundColor, borderTopColor } = getComputedStyle(probe);
        for (const colour of [color, backgroundColor, borderTopColor]) found.add(colour);
        probe.remove();
      }
      return [...found];
    }, classes);
    const foreign = ['rgb(13, 110, 253)', 'rgb(25, 135, 84)', 'rgb(220, 53, 69)', 'rgb(13, 202, 240)'];
    foreign.push('rgb(255, 193, 7)', 'rgb(207, 244, 252)', 'rgb(255, 243, 205)', 'rgb(3, 41, 52)');
    expect(colours.filter((colour) => foreign.includes(colour))).toEqual([]);
  });
});

test('what has the keyboard focus is outlined in the accent colour', async () => {
  await onPage(desk(1440), async (page) => {
    await page.keyboard.press('Tab');
    await page.focus('.app-nav a');
    await page.keyboard.press('Tab');
    expect(await styles(page, ':focus', 'outline-color')).toEqual([await token(page, '--accent')]);
    await page.focus('input[name=search]');
    const accent = await token(page, '--accent');
    // Bootstrap fades the colour in.
    await waitUntil(async () => (await styles(page, ':focus', 'border-top-color'))[0] === accent);
  });
});

test('products are cards below 1000 px, and above it no column disappears or overlaps', async () => {
  await onPage({}, async (page) => {
    for (const width of [390, 768, 999, 1000, 1024, 1199, 1440, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      const isCard = await page
        .locator('#rows tr')
        .first()
        .evaluate((row) => getComputedStyle(row).display);
      expect([width, isCard]).toEqual([width, width < 1000 ? 'flex' : 'table-row']);
      const [hidden, narrow, overflow] = await page.evaluate(() => {
        const cells = [...document.querySelector('#rows tr')!.children] as HTMLElement[];
        const headings = [...document.querySelectorAll<HTMLElement>('thead th')];
        return [
          cells.filter((cell) => cell.getClientRects().length === 0).map((cell) => cell.className),
          [...headings, ...cells]
            .filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
            .map((cell) => cell.className),
          document.documentElement.scrollWidth - innerWidth,
        ] as const;
      });
      expect([width, hidden]).toEqual([width, []]);
      if (width >= 1000) expect([width, narrow]).toEqual([width, []]);
      expect([width, overflow <= 0]).toEqual([width, true]);
    }
  });
});

test('a phone shows at least four products, and buttons and fields fit fingers', async () => {
  await onPage(ON_PHONE, async (page) => {
    const boxes = await page
      .locator('#rows tr')
      .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().toJSON() as DOMRect));
    expect(boxes[0]!.top).toBeLessThan(250);
    const navigation = (await page.locator('.app-nav').boundingBox())!;
    expect(boxes.filter(({ bottom }) => bottom <= navigation.y).length).toBeGreaterThanOrEqual(4);
    await page.click('[data-quick-quantity]');
    for (const button of await page.locator('.quantity-editor button').all()) {
      const { width, height } = (await button.boundingBox())!;
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(44);
    }
    for (const path of [
      '/products',
      '/products/new',
      '/movements',
      '/imports',
      '/users/new',
      '/audit',
      '/password',
      '/alerts',
    ]) {
      if (path !== '/products') await page.goto(path);
      const sizes = await styles(page, '.form-control, .form-select', 'font-size');
      expect([path, sizes.filter((size) => parseFloat(size) < 16)]).toEqual([path, []]);
    }
  });
});

test('a phone shows who moved the stock', async () => {
  const { id } = await client.register();
  await onPage(ON_PHONE, async (page) => {
    await page.goto(`/products/${id}`);
    const { x, width } = (await page.locator('.movements tbody td', { hasText: 'admin' }).boundingBox())!;
    expect(x + width).toBeLessThanOrEqual(PHONE.width);
  });
});

test('a word of a hundred letters breaks no page', async () => {
  const category = LONG_WORD.slice(0, 50);
  const code = uniqueCode();
  const { id } = await client.register({
    name: LONG_WORD,
    code,
    description: LONG_WORD,
    unit: LONG_WORD.slice(0, 30),
  });
  const person = await createPerson(client, 'clerk');
  await onPage({}, async (page) => {
    const problems: string[] = [];
    const check = async (name: string) => {
      const tooWide = await page.evaluate(() => {
        const right = (element: Element) => element.getBoundingClientRect().right;
        const inside = [...document.querySelectorAll('main *')].filter(
          (element) => !element.closest('.clamp, select, .table-responsive'),
        );
        return [
          document.documentElement.scrollWidth - innerWidth,
          ...inside
            .filter((element) => right(element) > innerWidth + 1)
            .map((element) => element.outerHTML.slice(0, 80)),
        ].filter((value) => typeof value === 'string' || value > 0);
      });
      for (const problem of tooWide) problems.push(`${name}: ${problem}`);
    };
    const checkAtEachWidth = async (name: string) => {
      for (const width of [320, 390, 768, 1024, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await check(`${name} at ${width}`);
      }
    };
    const paths = [
      `/products?search=${code}`,
      `/products/${id}`,
      `/products/${id}/delete`,
      `/users/${person.id}`,
    ];
    for (const path of [...paths, '/audit', `/products/${id}/edit`]) {
      await page.goto(path);
      await checkAtEachWidth(path);
    }
    await page.selectOption('#category', { label: 'Otra…' });
    await page.fill('#newCategory', category);
    await page.click('main form button.btn-primary[type=submit]');
    await page.waitForSelector('.notice');
    await checkAtEachWidth('the message after saving');
    expect(problems).toEqual([]);
  });
});

test.each(['es-ES', 'en-GB'])("the account's menu keeps its texts beside the icons: %s", async (locale) => {
  await onPage({ locale }, async (page) => {
    await page.click('.app-account summary');
    for (const width of [390, 768, 1024, 1440]) {
      await page.setViewportSize({ width, height: 850 });
      for (const item of await page.locator('.app-account .menu-item').all()) {
        const icon = (await item.locator('.bi').boundingBox())!;
        const text = (await item.locator('span').boundingBox())!;
        expect(text.x).toBeGreaterThanOrEqual(icon.x + icon.width);
        expect(text.x + text.width).toBeLessThanOrEqual(width);
      }
      const panel = (await page.locator('.app-account .menu-panel').boundingBox())!;
      expect(Math.min(panel.x, panel.y)).toBeGreaterThanOrEqual(0);
      expect(await accessibilityViolations(page)).toEqual([]);
    }
  });
});

test('the navigation is on every page, with what the person may see', async () => {
  const sections = (page: Page) =>
    page.locator('.app-nav > a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  await onPage(desk(1440), async (page) => {
    for (const path of ['/products', '/imports', '/users', '/audit', '/system', '/health', '/no-such-page']) {
      await page.goto(path);
      expect([path, await sections(page)]).toEqual([
        path,
        [
          '/',
          '/products',
          '/orders',
          '/movements',
          '/categories',
          '/suppliers',
          '/to-order',
          '/imports',
          '/users',
          '/customers',
          '/sellers',
          '/mail',
          '/delivery',
          '/audit',
          '/system',
        ],
      ]);
      expect(await page.textContent('.app-foot')).toMatch(/Servido por web\d/);
    }
    await page.goto('/users/new');
    expect(await page.getAttribute('.app-nav [aria-current=page]', 'href')).toBe('/users');
    const side = (await page.locator('.app-side').boundingBox())!;
    expect([side.x, side.height]).toEqual([0, 850]);
  });
  await onPage(
    ON_PHONE,
    async (page) => {
      expect(await sections(page)).toEqual([
        '/',
        '/products',
        '/orders',
        '/movements',
        '/to-order',
        '/health',
      ]);
      await page.goto('/health');
      expect(await sections(page)).toEqual([
        '/',
        '/products',
        '/orders',
        '/movements',
        '/to-order',
        '/health',
      ]);
      const { y, height } = (await page.locator('.app-nav').boundingBox())!;
      expect(y + height).toBe(PHONE.height);
      await page.goto('/products');
      expect(await page.locator('body').textContent()).not.toMatch(/Servido por/);
    },
    await createPerson(client, 'viewer'),
  );
});

test('a phone reaches every section: those that the bar leaves out are under "more"', async () => {
  await onPage(ON_PHONE, async (page) => {
    await page.goto('/products');
    const bar = page.locator('.app-nav');
    expect(await bar.evaluate((nav) => nav.scrollWidth - nav.clientWidth)).toBe(0);
    const all = await bar
      .locator('> a')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    await page.click('.app-more summary');
    const hrefs = await page
      .locator('.app-nav a:visible')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    expect(hrefs.toSorted()).toEqual(all.toSorted());
    expect(await accessibilityViolations(page)).toEqual([]);
    const panel = (await page.locator('.app-more .menu-panel').boundingBox())!;
    expect([panel.y > 0, panel.x > 0, panel.x + panel.width < PHONE.width]).toEqual([true, true, true]);
    await page.click('.app-more a[href="/categories"]');
    await page.waitForURL('**/categories');
    expect(await page.locator('.app-more summary').getAttribute('class')).toMatch(/is-current/);
  });
});

test('paper has the table with its filter and date, and no controls; fifty rows take three pages at most', async () => {
  await onPage({ ...desk(1440), colorScheme: 'dark' }, async (page) => {
    await page.locator('input[name=search]').pressSequentially('a');
    await page.selectOption('select[name=category]', CATEGORY);
    await page.waitForURL(/category=/);
    const pages = async () =>
      (await page.pdf({ format: 'A4' })).toString('latin1').match(/\/Type ?\/Page\b/g)!.length;
    await pages();
    expect(await page.textContent('#print-heading')).toMatch(
      new RegExp(`^«a» · ${CATEGORY} · .*producto.* · .*20\\d\\d`),
    );
    await page.goto(LIST);
    expect(await page.locator('#rows tr').count()).toBe(50);
    expect(await pages()).toBeLessThanOrEqual(3);
    await page.emulateMedia({ media: 'print' });
    const visible = await page.evaluate(() =>
      [...document.querySelectorAll('input, select, button, .btn, nav, .bi, .app-side, footer')]
        .filter((element) => element.getClientRects().length > 0)
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    expect(visible).toEqual([]);
    expect(await page.locator('#rows tr').first().isVisible()).toBe(true);
    expect(await styles(page, '#rows [data-field=name] >> nth=0', 'color')).toEqual(['rgb(31, 38, 43)']);
  });
});

test('saving shows that it is being saved, and says so when the network is slow', async () => {
  const { id } = await client.register();
  await onPage(desk(1024), async (page) => {
    await page.goto(`/products/${id}`);
    await page.goto(`/products/${id}/edit`);
    await page.route(`**/products/${id}`, async (route) => {
      if (route.request().method() === 'POST') await new Promise((resolve) => setTimeout(resolve, 7000));
      await route.continue();
    });
    // Noted by the page itself: Playwright waits for the answer.
    await page.evaluate(() => {
      const note = document.getElementById('busy-note')!;
      new MutationObserver(() => {
        const seen = [sessionStorage.getItem('seen') ?? '', note.textContent];
        const button = document.querySelector('main form button.btn-primary[type=submit]')!;
        sessionStorage.setItem('seen', `${seen.join('|')} ${button.getAttribute('aria-busy')}`);
      }).observe(note, { childList: true });
    });
    await page.fill('#name', 'Guardado despacio');
    await page.click('main form button.btn-primary[type=submit]');
    await page.waitForURL(`**/products/${id}`);
    expect(await page.evaluate(() => sessionStorage.getItem('seen'))).toMatch(
      /^\|Guardando… true\|La conexión va lenta.* true$/,
    );
    expect(await page.textContent('#busy-note')).toBe('');
    expect(await page.locator('[aria-busy]').count()).toBe(0);
  });
});

test('every icon is drawn, without a font', async () => {
  await onPage(desk(1440), async (page) => {
    const fonts: string[] = [];
    page.on('request', (request) => {
      if (request.resourceType() === 'font') fonts.push(request.url());
    });
    for (const path of ['/products', '/products/1', '/imports', '/users', '/audit', '/system', '/health']) {
      await page.goto(path);
      const masks = await styles(page, '.bi', 'mask-image');
      expect([
        path,
        masks.length > 0,
        masks.filter((mask) => !mask.startsWith('url("data:image/svg+xml')),
      ]).toEqual([path, true, []]);
    }
    expect(fonts).toEqual([]);
  });
});
