// Keys of the list, all of which can be reached otherwise: / searches, n adds a product, arrows or j and k move along
// the rows, ? shows the keys. Whoever turns them off (WCAG 2.1.4) does not get this script.
const search = document.querySelector('#filters [name=search]');
const rows = document.getElementById('rows');
const view = document.getElementById('list-view');
const addLink = document.querySelector('.list-head a[href="/products/new"]');

const NOT_HERE = 'input, textarea, select, [contenteditable], dialog, details[open]';

/** Each returns whether the key did something. */
const ACTIONS = {
  '/': () => {
    search.focus();
    search.select();
    return true;
  },
  '?': () => {
    view.open = true;
    document.getElementById('list-keys').focus();
    return true;
  },
  n: () => {
    addLink?.click();
    return addLink !== null;
  },
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
};
const MOVES = ['j', 'k', 'ArrowDown', 'ArrowUp'];

document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  // On many keyboards / and ? are typed with Shift.
  if (event.shiftKey && key !== '/' && key !== '?') return;
  const isFromSearch = target === search && key === 'ArrowDown';
  if (!isFromSearch && (target.closest(NOT_HERE) || document.querySelector('dialog[open]'))) return;
  if (event.repeat && !MOVES.includes(key)) return;
  if (Object.hasOwn(ACTIONS, key) && ACTIONS[key]()) event.preventDefault();
});

function move(by) {
  const links = [...rows.querySelectorAll('.row-link')];
  const current = document.activeElement?.closest('#rows tr');
  const index = links.findIndex((link) => link.closest('tr') === current);
  if (index === -1 && by < 0) return false;
  if (index === 0 && by < 0) return ACTIONS['/']();
  return goTo(index === -1 ? links.find(isInView) : links[index + by]);
}

function isInView(link) {
  return link.getBoundingClientRect().top >= 0;
}

function goTo(link) {
  if (!link) return false;
  link.focus({ preventScroll: true, focusVisible: true });
  // Smooth scrolling lags behind a key that is held down.
  link.closest('tr').scrollIntoView({ block: 'nearest', behavior: 'instant' });
  return true;
}
