// Shows the progress of an export. The browser still does the download; without this script the links work as
// they are.

const FIRST_POLL_MS = 400;
const POLL_EVERY_MS = 1000;
/** After this long without progress, only the browser shows the download. */
const GIVE_UP_MS = 20_000;

/**
 * @param container holds a card per export, cloned from `template`
 * @param productsText formats a number of products
 * @param announce announces a text to screen readers
 */
export function enableExportProgress(
  links,
  { container, template, texts, language, csrfToken, productsText, announce },
) {
  for (const link of links) {
    link.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      const id = randomId();
      const address = new URL(link.href);
      address.searchParams.set('progress', id);
      location.assign(address);
      follow(id, link.dataset.format);
    });
  }

  function follow(id, format) {
    const card = template.content.firstElementChild.cloneNode(true);
    const part = (name) => card.querySelector(`[data-part=${name}]`);
    const preparing = texts.preparing.replace('{format}', format);
    const startedAt = Date.now();
    let lastProgressAt = startedAt;
    let isOver = false;
    part('status').textContent = preparing;
    part('progress').setAttribute('aria-label', preparing);
    part('cancel').hidden = true;
    part('close').hidden = true;
    part('cancel').addEventListener('click', cancel);
    part('close').addEventListener('click', () => card.remove());
    container.append(card);
    announce(preparing);
    setTimeout(poll, FIRST_POLL_MS);

    async function poll() {
      if (isOver) return;
      const progress = await fetchProgress(`/api/exports/${id}`);
      if (isOver) return;
      if (progress) {
        lastProgressAt = Date.now();
        show(progress);
      } else if (Date.now() - lastProgressAt > GIVE_UP_MS) {
        isOver = true;
        card.remove();
      }
      setTimeout(poll, POLL_EVERY_MS);
    }

    function show({ state, rows, total }) {
      const bar = part('progress').firstElementChild;
      const share = total > 0 ? Math.min(100, Math.floor((100 * rows) / total)) : undefined;
      const soFar = texts.rowsOf.replace('{n}', number(rows)).replace('{total}', number(total));
      part('rows').textContent = share === undefined ? productsText(rows) : soFar;
      // Without a share, a full bar shows only that work is going on.
      bar.style.width = `${share ?? 100}%`;
      if (share !== undefined) part('progress').setAttribute('aria-valuenow', share);
      part('cancel').hidden = false;
      if (state !== 'running') finish(state, rows);
    }

    function finish(state, rows) {
      isOver = true;
      const text = texts[state].replace('{products}', productsText(rows));
      const hadFocus = card.contains(document.activeElement);
      card.dataset.state = state;
      part('status').textContent = text;
      part('rows').hidden = true;
      part('progress').hidden = true;
      part('cancel').hidden = true;
      part('close').hidden = false;
      if (hadFocus) part('close').focus();
      announce(text);
    }

    async function cancel() {
      const headers = { 'x-csrf-token': csrfToken };
      // The next poll shows the result.
      await fetch(`/api/exports/${id}/cancel`, { method: 'POST', headers }).catch(() => undefined);
    }
  }

  function number(value) {
    return new Intl.NumberFormat(language).format(value);
  }
}

async function fetchProgress(address) {
  try {
    const response = await fetch(address, { headers: { accept: 'application/json' } });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

/** crypto.randomUUID is missing on plain HTTP. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
