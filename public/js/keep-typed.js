// Keeps what was typed in this tab, for the same person: through a log-in after the session has ended, a change of
// language, and a page that had expired. Asks before a changed form is left.
const KEY = 'typed';
const KEEP_MS = 15 * 60_000;
const NEVER_KEPT = ['password', 'file', 'submit', 'button', 'reset', 'image'];

const user = document.querySelector('meta[name=user]').content;
const here = location.pathname + location.search;
/** Log-in, change of password, errors: what was typed waits behind them. */
const isInterlude = document.querySelector('[data-interlude]') !== null;
const [navigation] = performance.getEntriesByType('navigation');
/** The server showed a form again: all of it is unsaved, although it is as the page has it. */
const isRefused = navigation?.responseStatus >= 400;
let isLeaving = false;

takeUp(read());

// Also when a script sends the form in place of the browser.
document.addEventListener('submit', ({ target: form }) => {
  if (form.method !== 'post') return;
  isLeaving = true;
  if (form.getAttribute('action') === '/logout') sessionStorage.removeItem(KEY);
  else if (isGuarded(form)) keep({ ...typedIn(form), page: pageOf(form) });
});

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href^="/language/"]');
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const form = [...document.forms].find((one) => one.method === 'post' && isChanged(one));
  if (!form) return;
  isLeaving = true;
  const page = new URL(link.href).searchParams.get('return');
  keep({ ...typedIn(form), page, isWaiting: true });
});

// Registered before those of other scripts, which have nothing to ask about once this one has kept it.
window.addEventListener('beforeunload', (event) => {
  if (isLeaving) event.stopImmediatePropagation();
  else if ([...document.forms].some((form) => isGuarded(form) && isUnsaved(form))) event.preventDefault();
});
window.addEventListener('pageshow', () => (isLeaving = false));

// Whatever a script asks for, 401 means that the session has ended.
const ask = window.fetch.bind(window);
window.fetch = async (...request) => {
  const response = await ask(...request);
  if (response.status === 401) offerLogIn();
  return response;
};

function offerLogIn() {
  const template = document.getElementById('session-ended');
  if (!template) return;
  const notice = template.content.firstElementChild;
  template.replaceWith(notice);
  notice.querySelector('button').addEventListener('click', () => {
    isLeaving = true;
    const page = location.pathname + location.search;
    const form = [...document.forms].find((one) => one.method === 'post' && isChanged(one));
    keep({ ...(form && typedIn(form)), quantities: typedQuantities(), page, isWaiting: true });
    location.assign(`/login?${new URLSearchParams({ return: page, ended: '1' })}`);
  });
}

function read() {
  const draft = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
  return draft && Date.now() - draft.at < KEEP_MS ? draft : undefined;
}

function keep(draft) {
  sessionStorage.setItem(KEY, JSON.stringify({ ...draft, user, at: Date.now() }));
}

function takeUp(draft) {
  const isOurs = draft?.user === user;
  if (draft && isInterlude && (isOurs || !user) && draft.page !== here) {
    sessionStorage.setItem(KEY, JSON.stringify({ ...draft, isWaiting: true }));
    return;
  }
  sessionStorage.removeItem(KEY);
  if (!isOurs || draft.page !== here) return;
  if (!draft.isWaiting && !['back_forward', 'reload'].includes(navigation?.type)) return;
  fill(draft);
  if (draft.quantities) window.addEventListener('load', () => reopen(draft.quantities));
}

function fill({ action, fields = [] }) {
  const form = [...document.forms].find((one) => one.getAttribute('action') === action);
  if (!form) return;
  const rest = [...fields];
  for (const field of keptFields(form)) {
    const index = rest.findIndex(({ name, type }) => name === field.name && type === field.type);
    if (index === -1) continue;
    const [{ value, isChecked }] = rest.splice(index, 1);
    if (['checkbox', 'radio'].includes(field.type)) field.checked = isChecked;
    else field.value = value;
  }
}

function typedIn(form) {
  const fields = keptFields(form).map(({ name, type, value, checked }) => {
    return { name, type, value, isChecked: checked };
  });
  return { action: form.getAttribute('action'), fields };
}

function keptFields(form) {
  return [...form.elements].filter(
    ({ name, type }) => name && name !== '_csrf' && type && !NEVER_KEPT.includes(type),
  );
}

/** The page that shows the form; the address of one that was refused can only be POSTed to. */
function pageOf(form) {
  return form.elements.namedItem('page')?.value ?? here;
}

function isGuarded(form) {
  const isTyped = ({ type }) => type && type !== 'hidden' && !['submit', 'button'].includes(type);
  return form.method === 'post' && !isInterlude && [...form.elements].some(isTyped);
}

function isUnsaved(form) {
  if ('leaveFreely' in form.dataset) return false;
  return isChanged(form) || (isRefused && form.elements.namedItem('page') !== null);
}

function isChanged(form) {
  return [...form.elements].some((field) => {
    if (field.type === 'hidden' || !field.name) return false;
    if (['checkbox', 'radio'].includes(field.type)) return field.checked !== field.defaultChecked;
    if (field.options) return isChosenAnew(field);
    return 'defaultValue' in field && field.value !== field.defaultValue;
  });
}

function isChosenAnew({ options, selectedIndex }) {
  const first = [...options].findIndex((option) => option.defaultSelected);
  return selectedIndex !== Math.max(0, first);
}

function typedQuantities() {
  return [...document.querySelectorAll('.quantity-editor')].map((editor) => ({
    product: editor.closest('[data-product]').dataset.product,
    value: editor.querySelector('input').value,
  }));
}

function reopen(quantities) {
  for (const { product, value } of quantities) {
    const row = document.querySelector(`[data-product="${CSS.escape(product)}"]`);
    row?.querySelector('[data-quick-quantity]')?.click();
    const input = row?.querySelector('.quantity-editor input');
    if (!input) continue;
    input.value = value;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }
}
