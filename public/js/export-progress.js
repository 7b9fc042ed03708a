// How far a file is while an instance makes it. The download itself stays the browser's; without this the
// links work as they are.

const FIRST_LOOK_MS = 400;
const LOOK_EVERY_MS = 1000;
/** Then nobody knows about it: the browser alone shows what becomes of it. */
const GIVE_UP_MS = 20_000;

/**
 * @param links to files
 * @param container holds a card for each file, made of `template`
 * @param productsText how many products, in words
 * @param announce says a text to people who do not see the card
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
    let heardAt = startedAt;
    let isOver = false;
    part('status').textContent = preparing;
    part('progress').setAttribute('aria-label', preparing);
    part('cancel').hidden = true;
    part('close').hidden = true;
    part('cancel').addEventListener('click', cancel);
    part('close').addEventListener('click', () => card.remove());
    container.append(card);
    announce(preparing);
    setTimeout(look, FIRST_LOOK_MS);

    async function look() {
      if (isOver) return;
      const progress = await ask(`/api/exports/${id}`);
      if (isOver) return;
      if (progress) {
        heardAt = Date.now();
        show(progress);
      } else if (Date.now() - heardAt > GIVE_UP_MS) {
        isOver = true;
        card.remove();
      }
      setTimeout(look, LOOK_EVERY_MS);
    }

    function show({ state, rows, total }) {
      const bar = part('progress').firstElementChild;
      const share = total > 0 ? Math.min(100, Math.floor((100 * rows) / total)) : undefined;
      const soFar = texts.rowsOf.replace('{n}', number(rows)).replace('{total}', number(total));
      part('rows').textContent = share === undefined ? productsText(rows) : soFar;
      // Without a share it says only that something is going on.
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
      // The next look tells what became of it.
      await fetch(`/api/exports/${id}/cancel`, { method: 'POST', headers }).catch(() => undefined);
    }
  }

  function number(value) {
    return new Intl.NumberFormat(language).format(value);
  }
}

async function ask(address) {
  try {
    const response = await fetch(address, { headers: { accept: 'application/json' } });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

/** 16 random bytes, as crypto.randomUUID would give them, had it not to do without on plain HTTP. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
