import { ignoreDoubleClick } from './double-click.js';

/** Accepted by the server but for a conflict, so the next editor may open before the answer. */
const PLAIN_NUMBER = /^\d{1,9}$/;
/** With separators of thousands. */
const GROUPED = /^([1-9]\d{0,2}(?:([., \u00a0\u202f])\d{3})(?:\2\d{3})*)([.,]\d+)?$/;
/** Quantities are exact to thousandths: 0.1 + 0.2 is 0.3. */
const rounded = (number) => Math.round(number * 1000) / 1000;

/**
 * Edits the quantity of one row. Enter saves and moves on, Esc cancels, losing the focus saves; an editor that
 * cannot save stays open and says why. A typed number replaces a known version; steps are added to the current
 * quantity, so that parallel steps all count.
 */
export function openEditor(link, { texts, language, csrfToken, update, announce, move, moveOn, closed }) {
  const row = link.closest('tr');
  const name = row.querySelector('[data-field=name]').textContent;
  const start = Number(link.dataset.value);
  const version = Number(row.dataset.version);
  const decimalMark = new Intl.NumberFormat(language).format(1.5)[1];
  let isOpen = true;
  let isTyped = false;
  /** The request under way. */
  let saving;
  /** The value that the server has refused: it is not sent again by itself. */
  let refused;
  /** The last request without a response: a retry with the same key counts once. */
  let unanswered = { body: '', key: '' };

  const editor = element('form', 'quantity-editor');
  editor.noValidate = true;
  editor.setAttribute(
    'aria-label',
    texts.change.replace('{name}', () => name),
  );
  const controls = element('div', 'controls');
  const input = element('input', 'form-control form-control-sm');
  input.inputMode = 'decimal';
  input.autocomplete = 'off';
  input.enterKeyHint = 'next';
  input.value = write(start);
  input.setAttribute('aria-label', `${name}: ${texts.label} (${row.dataset.unit})`);
  const less = button('btn btn-sm btn-outline-secondary', 'bi-dash-lg', texts.decrease, () => step(-1));
  const more = button('btn btn-sm btn-outline-secondary', 'bi-plus-lg', texts.increase, () => step(1));
  const submit = button('btn btn-sm btn-primary', 'bi-check-lg', texts.save);
  submit.type = 'submit';
  const cancel = button('btn btn-sm btn-outline-secondary', 'bi-x-lg', texts.cancel, close);
  controls.append(less, input, more, submit, cancel);
  const problem = element('p', 'problem');
  problem.setAttribute('role', 'alert');
  problem.hidden = true;
  const choices = element('div', 'choices');
  const moves = element('div', 'moves');
  moves.append(
    moveLink('in', 'bi-box-arrow-in-down', texts.receive),
    moveLink('out', 'bi-box-arrow-up', texts.takeOut),
  );
  editor.append(controls, problem, choices, moves);
  link.parentElement.append(editor);
  focus();

  input.addEventListener('input', () => {
    isTyped = true;
    hideProblem();
  });
  editor.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      close();
    } else if (event.target !== input) {
      return;
    } else if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      // Holding Enter down must not run down the list.
      if (!event.repeat) void saveAndMoveOn();
    } else if (event.key === '+' || event.key === 'ArrowUp') {
      event.preventDefault();
      step(1);
    } else if (event.key === '-' || event.key === 'ArrowDown') {
      event.preventDefault();
      step(-1);
    }
  });
  editor.addEventListener('submit', (event) => {
    event.preventDefault();
    void save();
  });
  // Leaves the focus where it is: without this, pressing ×, or between the buttons, would first save.
  editor.addEventListener('mousedown', (event) => {
    if (event.target !== input) event.preventDefault();
  });
  editor.addEventListener('focusout', ({ relatedTarget }) => {
    // Another window may have the focus: the person comes back to an open editor.
    if (document.hasFocus() && !editor.contains(relatedTarget)) void settle();
  });

  function focus() {
    input.focus();
    input.select();
  }

  /** With reason, document and note. What was typed is saved before. */
  function moveLink(direction, icon, text) {
    const opening = element('a', 'btn btn-sm btn-outline-secondary');
    opening.href = `/products/${row.dataset.product}?move=${direction}#move`;
    opening.dataset.move = direction;
    opening.append(iconOf(icon), ` ${text}`);
    opening.addEventListener('click', async (event) => {
      event.preventDefault();
      if (await settle()) void move(opening.href, event);
    });
    return opening;
  }

  function step(by) {
    const value = read(typed());
    if (saving || Number.isNaN(value)) return;
    input.value = write(Math.max(0, rounded(value + by)));
    hideProblem();
    input.focus();
  }

  async function saveAndMoveOn() {
    const isSaved = save();
    if (PLAIN_NUMBER.test(typed()) || (await isSaved)) moveOn(row);
  }

  function typed() {
    return input.value.trim();
  }

  function write(number) {
    return String(number).replace('.', decimalMark);
  }

  /** A number in the separators of the language: in Spanish, 1.000 is a thousand. */
  function read(text) {
    const [, whole, mark, decimals = ''] = GROUPED.exec(text) ?? [];
    const isGrouped = mark && (mark !== decimalMark || decimals || whole.split(mark).length > 2);
    const plain = isGrouped ? whole.replaceAll(mark, '') + decimals : text;
    return /^\d+([.,]\d+)?$/.test(plain) ? Number(plain.replace(',', '.')) : NaN;
  }

  /** Like `save`, but does not repeat what the server has refused. */
  function settle() {
    return !saving && typed() === refused ? Promise.resolve(false) : save();
  }

  /** @returns whether nothing is left to save */
  function save() {
    if (!isOpen) return Promise.resolve(true);
    if (saving) return saving;
    if (typed() === write(start)) {
      close();
      return Promise.resolve(true);
    }
    return send(isTyped ? { quantity: typed(), version } : { delta: rounded(read(typed()) - start) });
  }

  function send(change) {
    showSaving(true);
    saving = exchange(change).finally(() => {
      saving = undefined;
      showSaving(false);
    });
    return saving;
  }

  function showSaving(isSaving) {
    input.readOnly = isSaving;
    editor.classList.toggle('is-saving', isSaving);
    editor.setAttribute('aria-busy', String(isSaving));
  }

  async function exchange(change) {
    hideProblem();
    refused = undefined;
    const body = JSON.stringify(change);
    if (body !== unanswered.body) unanswered = { body, key: randomKey() };
    try {
      const response = await fetch(`/api/products/${row.dataset.product}/quantity`, {
        method: 'PATCH',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'x-csrf-token': csrfToken,
          'idempotency-key': unanswered.key,
        },
        body,
        // Outlives the page, when somebody types and leaves.
        keepalive: true,
      });
      const answer = await response.json();
      if (response.status < 500) unanswered = { body: '', key: '' };
      if (response.ok) {
        finish(answer);
        return true;
      }
      if (response.status < 500) refused = typed();
      if (response.status === 409) offerChoice(answer.current, change.quantity);
      else showProblem(answer.error);
    } catch {
      showProblem(texts.failed);
    }
    return false;
  }

  function finish(product) {
    update(row, product);
    close();
    link.classList.add('just-saved');
    setTimeout(() => link.classList.remove('just-saved'), 1500);
    announce(`${name}: ${texts.saved.replace('{quantity}', format(product.quantity))}`);
  }

  function offerChoice(current, quantity) {
    const yours = typeof quantity === 'number' ? quantity : read(quantity);
    const fill = (text) =>
      text.replace('{current}', format(current.quantity)).replace('{yours}', format(yours));
    choices.replaceChildren(
      textButton('btn btn-sm btn-outline-secondary', fill(texts.keepTheirs), () => finish(current)),
      textButton('btn btn-sm btn-primary', fill(texts.saveMine), () =>
        send({ quantity: yours, version: current.version }),
      ),
    );
    showProblem(fill(texts.conflict));
  }

  /** Leaves the focus where it is: the person may be typing the next quantity. */
  function showProblem(text) {
    const product = element('span', 'visually-hidden');
    product.textContent = `${name}: `;
    problem.replaceChildren(product, text);
    problem.hidden = false;
  }

  function hideProblem() {
    problem.hidden = true;
    choices.replaceChildren();
  }

  function close() {
    if (!isOpen) return;
    isOpen = false;
    const hadFocus = editor.contains(document.activeElement);
    editor.remove();
    if (hadFocus) link.focus();
    closed();
  }

  function format(number) {
    return new Intl.NumberFormat(language).format(number);
  }

  return {
    row,
    focus,
    settle,
    hasProblem: () => !problem.hidden,
    ignoreDoubleClick: (opening) => ignoreDoubleClick(editor, opening),
  };
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
  created.append(iconOf(icon));
  if (onClick) created.addEventListener('click', onClick);
  return created;
}

function iconOf(icon) {
  const created = element('i', `bi ${icon}`);
  created.setAttribute('aria-hidden', 'true');
  return created;
}

function textButton(className, text, onClick) {
  const created = element('button', className);
  created.type = 'button';
  created.textContent = text;
  created.addEventListener('click', onClick);
  return created;
}
