// Leads back to pages that are in the history already, so that they stand where they were left and Back does not
// pass through forms. Browsers without the Navigation API follow links and send forms as usual.

const entries = window.navigation?.entries() ?? [];
const here = window.navigation?.currentEntry?.index ?? 0;

const pathOf = ({ url }) => url && new URL(url).pathname;

export function findListBefore() {
  return entries.slice(0, here).findLast((entry) => pathOf(entry) === '/products');
}

/** The list or the product from which the form at `formPath` was opened, also after a refusal. */
export function findOriginOf(formPath) {
  const form = entries.slice(0, here + 1).findLast((entry) => pathOf(entry) === formPath);
  const before = form && entries[form.index - 1];
  return before && /^\/products(\/\d+)?$/.test(pathOf(before)) ? before : undefined;
}

export function goTo(entry) {
  history.go(entry.index - here);
}

export function leadTo(link, entry) {
  if (!entry) return;
  const { pathname, search } = new URL(entry.url);
  link.href = pathname + search;
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(entry);
  });
}

/**
 * Sends the form without adding a page to the history. Unless it is accepted, the browser sends it again: having the
 * same key, it gets the same answer, as a page.
 */
export function sendAside(form, accepted) {
  form.addEventListener('submit', async (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    // Set by submit-once.js, which hears of the event next.
    if (form.dataset.sent) return;
    const { isAccepted } = await postAside(form);
    if (isAccepted) accepted();
    else form.submit();
  });
}

/** @returns the response too, unless the network failed */
export async function postAside(form) {
  const response = await fetch(form.action, {
    method: 'POST',
    // A session that has ended is then refused, not redirected.
    headers: { accept: 'application/json' },
    body: new URLSearchParams(new FormData(form)),
    redirect: 'manual',
  }).catch(() => undefined);
  return { isAccepted: response?.type === 'opaqueredirect', response };
}
