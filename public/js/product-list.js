// Searches while typing; keeps the address, links and rows in step.
import { enableDeleteDialog } from './delete-dialog.js';
import { enableExportProgress } from './export-progress.js';
import { keepScroll } from './keep-scroll.js';
import { enableListView } from './list-view.js';
import { enableMoveDialog } from './move-dialog.js';
import { enableQuickQuantity } from './quick-quantity.js';
import { fillRow } from './product-row.js';
import { sendAside } from './way-back.js';

const DEBOUNCE_MS = 120;
/** The prices are typed: a field that is being typed into may be wrong for a moment. */
const PRICE_DEBOUNCE_MS = 300;
/** Filters that links lead to; chips show and remove them. */
const FACET_NAMES = [
  ...['supplier', 'tag', 'location', 'onSale'],
  ...['author', 'publisher', 'year', 'language', 'binding'],
];
const PRICE_NAMES = ['minPrice', 'maxPrice'];
const CLEARED_NAMES = ['search', 'category', 'availability', ...PRICE_NAMES, ...FACET_NAMES];
/** Compared with the address, which has prices as they were typed. */
const FILTER_NAMES = [...CLEARED_NAMES.filter((name) => !PRICE_NAMES.includes(name)), 'sort'];

const list = document.getElementById('product-list');
const texts = JSON.parse(list.dataset.texts);
const form = document.getElementById('filters');
const search = form.elements.namedItem('search');
const priceFilter = document.getElementById('price-filter');
const prices = PRICE_NAMES.map((name) => form.elements.namedItem(name));
const rows = document.getElementById('rows');
const template = document.getElementById('row-template');
const announcement = document.getElementById('announcement');
const problem = document.getElementById('problem');
const total = document.getElementById('total');

keepScroll();

let timer;
/** The latest request; responses to earlier ones are dropped. */
let latestRequest;
/** The matches are shown once the open quantities are saved or cancelled. */
let isWaiting = false;

form.addEventListener('input', ({ target }) => {
  clearTimeout(timer);
  if (prices.includes(target)) timer = setTimeout(showMatches, PRICE_DEBOUNCE_MS, { isTyping: true });
  else timer = setTimeout(showMatches, target === search ? DEBOUNCE_MS : 0);
});
for (const field of prices) {
  field.addEventListener('change', () => {
    clearTimeout(timer);
    void showMatches();
  });
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    // Otherwise the first button of the form is clicked, outside the menu, which closes it.
    event.preventDefault();
    clearTimeout(timer);
    void applyPrices();
  });
}
form.addEventListener('submit', (event) => {
  event.preventDefault();
  clearTimeout(timer);
  if (priceFilter.contains(document.activeElement)) void applyPrices();
  else void openMatch();
});
document.getElementById('remove-price').addEventListener('click', (event) => {
  event.preventDefault();
  for (const field of prices) field.value = '';
  void applyPrices();
});
for (const clear of document.querySelectorAll('a[href="/products"]#clear, #empty a[href="/products"]')) {
  clear.addEventListener('click', (event) => {
    event.preventDefault();
    for (const name of CLEARED_NAMES) form.elements.namedItem(name).value = '';
    document.getElementById('facets')?.remove();
    search.focus();
    showMatches();
  });
}
// On going back, the browser may restore field values that differ from the address.
window.addEventListener('pageshow', () => {
  const filterIn = (query) => FILTER_NAMES.map((name) => query.get(name)?.trim() ?? '').join('\n');
  const isOther = filterIn(filterQuery()) !== filterIn(new URLSearchParams(location.search));
  if (isOther || prices.some(({ value, defaultValue }) => value !== defaultValue)) showMatches();
});

const moveDialog = document.getElementById('move-dialog');
// The list stays where it is scrolled to.
const openMove = moveDialog && enableMoveDialog(moveDialog, { done: () => location.reload() });
const quantities = enableQuickQuantity(rows, {
  texts: texts.quantity,
  language: texts.language,
  csrfToken: list.dataset.csrfToken,
  update: (row, product) => fillRow(row, product, texts),
  announce: (text) => (announcement.textContent = text),
  move: openMove,
  refuse: () => showProblem(texts.quantity.unsaved),
  settled: () => {
    if (problem.textContent === texts.quantity.unsaved) problem.hidden = true;
    if (isWaiting) showMatches();
  },
});
enableDeleteDialog(rows, (row) => ({
  name: row.querySelector('[data-field=name]').textContent,
  quantity: row.dataset.quantity,
}));
const deletion = document.querySelector('#delete-dialog form');
if (deletion) sendAside(deletion, () => location.reload());
enableExportProgress(list.querySelectorAll('[data-format]'), {
  container: document.getElementById('exports'),
  template: document.getElementById('export-template'),
  texts: texts.exports,
  language: texts.language,
  csrfToken: list.dataset.csrfToken,
  productsText: (total) => totalText({ total, totalIsExact: true }),
  announce: (text) => (announcement.textContent = text),
});

enableListView();

if (total.dataset.isExact === 'false') void countExactly(filterQuery());

function filterQuery() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) query.set(name, value);
  return query;
}

/** A scanner types a barcode and Enter. The list is shown first, for the way back. */
async function openMatch() {
  const scanned = search.value;
  const [id] = await Promise.all([findMatch(scanned), showMatches()]);
  if (id !== null && search.value === scanned) location.assign(`/products/${id}`);
}

async function findMatch(scanned) {
  if (scanned.trim() === '') return null;
  const query = new URLSearchParams({ search: scanned });
  try {
    const response = await fetch(`/api/products/match?${query}`, { headers: { accept: 'application/json' } });
    return response.ok ? (await response.json()).id : null;
  } catch {
    return null;
  }
}

/** @returns whether the matches are shown */
async function showMatches({ isTyping = false } = {}) {
  const query = filterQuery();
  latestRequest?.abort();
  const request = new AbortController();
  latestRequest = request;
  isWaiting = false;
  rows.classList.add('is-loading');
  try {
    // An editor may open while the matches are on their way; its row must not be replaced.
    let page;
    do {
      if (!(await quantities.settle())) throw new Error(texts.quantity.unsaved);
      page = await fetchMatches(query, request.signal);
    } while (quantities.isEditing());
    if (latestRequest === request) show(page, query);
    return latestRequest === request;
  } catch (error) {
    if (latestRequest !== request) return false;
    if (error.wrong) {
      if (!isTyping) showWrongPrices(error.wrong);
      return false;
    }
    isWaiting = error.message === texts.quantity.unsaved;
    const isKnown = isWaiting || error.message === texts.sessionEnded;
    showProblem(isKnown ? error.message : texts.searchFailed);
    return false;
  } finally {
    if (latestRequest === request) rows.classList.remove('is-loading');
  }
}

async function fetchMatches(query, signal) {
  const wanted = new URLSearchParams(query);
  if (texts.limit) wanted.set('limit', texts.limit);
  const response = await fetch(`/api/products?${wanted}`, {
    headers: { accept: 'application/json' },
    signal,
  });
  if (response.status === 401) throw new Error(texts.sessionEnded);
  if (response.status === 400)
    throw Object.assign(new Error(texts.searchFailed), await wrongPrices(response));
  if (!response.ok) throw new Error(texts.searchFailed);
  return response.json();
}

async function wrongPrices(response) {
  const { errors } = await response.json();
  return PRICE_NAMES.some((name) => errors[name]) && { wrong: errors };
}

function showWrongPrices(wrong) {
  for (const field of prices) {
    const problem = wrong[field.name] ?? '';
    field.classList.toggle('is-invalid', problem !== '');
    field.setAttribute('aria-invalid', String(problem !== ''));
    document.getElementById(`${field.name}-error`).textContent = problem;
  }
  const problems = PRICE_NAMES.map((name) => wrong[name]).filter(Boolean);
  priceFilter.querySelector('summary').classList.toggle('is-invalid', problems.length > 0);
  if (problems.length > 0) announcement.textContent = problems.join(' ');
}

async function applyPrices() {
  if (!(await showMatches())) return;
  priceFilter.querySelector('summary').focus();
  priceFilter.open = false;
}

function showPrices(query) {
  const [from, to] = PRICE_NAMES.map((name) => query.get(name)?.trim() ?? '');
  const text = texts.price[from && to ? 'range' : from ? 'from' : to ? 'to' : 'any'];
  const summary = priceFilter.querySelector('summary');
  summary.querySelector('span').textContent = text.replace('{from}', from).replace('{to}', to);
  summary.toggleAttribute('data-is-priced', Boolean(from || to));
  document.getElementById('remove-price').hidden = !from && !to;
  for (const field of prices) field.defaultValue = query.get(field.name) ?? '';
  showWrongPrices({});
}

function showProblem(text) {
  problem.textContent = text;
  problem.hidden = false;
}

function show(page, query) {
  problem.hidden = true;
  showPrices(query);
  const focused = document.activeElement?.closest('#rows tr')?.dataset.product;
  rows.replaceChildren(
    ...page.items.map((product) => {
      const row = template.content.querySelector('tr').cloneNode(true);
      fillRow(row, product, texts);
      return row;
    }),
  );
  document.getElementById('results').hidden = page.items.length === 0;
  if (focused) keepFocus(focused);
  document.getElementById('empty').hidden = page.items.length > 0;
  total.textContent = page.total === 0 ? texts.totalZero : totalText(page);
  if (!page.totalIsExact) void countExactly(query);
  updateLinks(page, query);
}

/** Somebody may have moved on to the rows while the matches were on their way. */
function keepFocus(product) {
  const link = rows.querySelector(`[data-product="${product}"] .row-link`);
  (link ?? search).focus({ preventScroll: true, focusVisible: true });
}

/** "More than" becomes the exact total, where the server can count it in time. */
async function countExactly(query) {
  if (query.has('search')) return;
  const request = latestRequest;
  const response = await fetch(`/api/products/total?${query}`, { headers: { accept: 'application/json' } });
  if (!response.ok) return;
  const { total: counted } = await response.json();
  if (counted !== null && latestRequest === request)
    total.textContent = totalText({ total: counted, totalIsExact: true });
}

function totalText({ total, totalIsExact }) {
  const text = !totalIsExact ? texts.totalMore : total === 1 ? texts.totalOne : texts.totalOther;
  return text.replace('{n}', new Intl.NumberFormat(texts.language).format(total));
}

function updateLinks(page, query) {
  const address = (path, changes = {}) => {
    const all = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) all.set(name, value);
    return all.size > 0 ? `${path}?${all}` : path;
  };
  history.replaceState(null, '', address('/products'));
  for (const link of document.querySelectorAll('[data-with-filter]'))
    link.href = address(link.dataset.withFilter);
  for (const link of document.querySelectorAll('[data-sort]')) {
    link.href = address('/products', { sort: link.dataset.sort });
  }
  document.getElementById('previous').hidden = true;
  const next = document.getElementById('next');
  next.hidden = !page.nextCursor;
  if (page.nextCursor) next.href = address('/products', { cursor: page.nextCursor });
  document.getElementById('clear').hidden = !CLEARED_NAMES.some((name) => query.has(name));
  const toOrder = document.getElementById('to-order');
  if (toOrder) toOrder.hidden = !['low', 'out_of_stock'].includes(query.get('availability'));
  for (const chip of document.querySelectorAll('[data-facet]')) {
    chip.href = address('/products', { [chip.dataset.facet]: '' });
  }
  for (const link of document.querySelectorAll('a[href^="/language/"]')) {
    const url = new URL(link.href);
    url.searchParams.set('return', address('/products'));
    link.href = url.pathname + url.search;
  }
}
