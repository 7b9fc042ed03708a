/**
 * Edits a quantity in the list: type a number or step with + and −; Enter saves, Esc cancels. A typed number
 * replaces a known version; steps are added to the current quantity, so that parallel steps all count.
 */
export function enableQuickQuantity(rows, options) {
  rows.addEventListener('click', (event) => {
    const link = event.target.closest('[data-quick-quantity]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openEditor(link, options);
  });
}

function openEditor(link, { texts, language, csrfToken, update, announce }) {
  document.querySelector('.quantity-editor')?.remove();
  const row = link.closest('tr');
  const state = {
    start: Number(link.dataset.value),
    version: Number(row.dataset.version),
    typed: false,
    saving: false,
    /** The last request without a response: a retry with the same key counts once. */
    unanswered: { body: '', key: '' },
  };

  const editor = element('form', 'quantity-editor');
  editor.noValidate = true;
  const controls = element('div', 'controls');
  const input = element('input', 'form-control form-control-sm');
  input.inputMode = 'numeric';
  input.autocomplete = 'off';
  input.value = String(state.start);
  input.setAttribute('aria-label', texts.label);
  const less = button('btn btn-sm btn-outline-secondary', 'bi-dash-lg', texts.decrease, () => step(-1));
  const more = button('btn btn-sm btn-outline-secondary', 'bi-plus-lg', texts.increase, () => step(1));
  const save = button('btn btn-sm btn-primary', 'bi-check-lg', texts.save);
  save.type = 'submit';
  const cancel = button('btn btn-sm btn-outline-secondary', 'bi-x-lg', texts.cancel, close);
  controls.append(less, input, more, save, cancel);
  const problem = element('p', 'problem');
  problem.setAttribute('role', 'alert');
  problem.hidden = true;
  const choices = element('div', 'choices');
  editor.append(controls, problem, choices);
  link.parentElement.append(editor);
  input.select();
  input.focus();

  input.addEventListener('input', () => (state.typed = true));
  editor.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      close();
    } else if (event.target === input && (event.key === '+' || event.key === 'ArrowUp')) {
      event.preventDefault();
      step(1);
    } else if (event.target === input && (event.key === '-' || event.key === 'ArrowDown')) {
      event.preventDefault();
      step(-1);
    }
  });
  editor.addEventListener('submit', (event) => {
    event.preventDefault();
    const value = input.value.trim();
    if (value === String(state.start)) return close();
    const isStep = !state.typed;
    send(isStep ? { delta: Number(value) - state.start } : { quantity: value, version: state.version });
  });

  function step(by) {
    const value = Number(input.value);
    if (!Number.isInteger(value)) return;
    input.value = String(Math.max(0, value + by));
    input.focus();
  }

  function close() {
    editor.remove();
    link.focus();
  }

  async function send(change) {
    // Holding Enter down must send only one change.
    if (state.saving) return;
    state.saving = true;
    problem.hidden = true;
    choices.replaceChildren();
    const body = JSON.stringify(change);
    if (body !== state.unanswered.body) state.unanswered = { body, key: randomKey() };
    try {
      const response = await fetch(`/api/products/${row.dataset.product}/quantity`, {
        method: 'PATCH',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'x-csrf-token': csrfToken,
          'idempotency-key': state.unanswered.key,
        },
        body,
      });
      const answer = await response.json();
      if (response.status < 500) state.unanswered = { body: '', key: '' };
      if (response.ok) finish(answer);
      else if (response.status === 409) offerChoice(answer.current, change.quantity);
      else showProblem(answer.error);
    } catch {
      showProblem(texts.failed);
    } finally {
      state.saving = false;
    }
  }

  function finish(product) {
    update(row, product);
    close();
    link.classList.add('just-saved');
    setTimeout(() => link.classList.remove('just-saved'), 1500);
    announce(texts.saved.replace('{quantity}', format(product.quantity)));
  }

  function offerChoice(current, yours) {
    const fill = (text) =>
      text.replace('{current}', format(current.quantity)).replace('{yours}', format(yours));
    showProblem(fill(texts.conflict));
    const keep = textButton('btn btn-sm btn-outline-secondary', fill(texts.keepTheirs), () =>
      finish(current),
    );
    const insist = textButton('btn btn-sm btn-primary', fill(texts.saveMine), () =>
      send({ quantity: yours, version: current.version }),
    );
    choices.replaceChildren(keep, insist);
    keep.focus();
  }

  function showProblem(text) {
    problem.textContent = text;
    problem.hidden = false;
    input.focus();
  }

  function format(number) {
    return new Intl.NumberFormat(language).format(number);
  }
}

/** crypto.randomUUID is missing on plain HTTP. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');
}

function element(name, className) {
  const created = document.createElement(name);
  created.className = className;
  return created;
}

function button(className, icon, label, onClick) {
  const created = element('button', className);
  created.type = 'button';
  created.title = label;
  created.setAttribute('aria-label', label);
  const image = element('i', `bi ${icon}`);
  image.setAttribute('aria-hidden', 'true');
  created.append(image);
  if (onClick) created.addEventListener('click', onClick);
  return created;
}

function textButton(className, text, onClick) {
  const created = element('button', className);
  created.type = 'button';
  created.textContent = text;
  created.addEventListener('click', onClick);
  return created;
}
