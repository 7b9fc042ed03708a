import { openEditor } from './quantity-editor.js';

/**
 * Opens an editor in the row of a quantity. What was typed is saved before anybody leaves: links and forms wait for
 * it, and do nothing while an editor cannot save.
 *
 * @param refuse says that a quantity is not saved
 * @param settled everything is saved or cancelled
 */
export function enableQuickQuantity(rows, { refuse, settled, ...options }) {
  const editors = new Set();

  rows.addEventListener('click', (event) => {
    const link = event.target.closest('[data-quick-quantity]');
    if (!link || hasModifier(event)) return;
    event.preventDefault();
    open(link)?.ignoreDoubleClick(event);
  });
  // Before the listeners of the links and forms themselves.
  document.addEventListener('click', holdLink, { capture: true });
  document.addEventListener('submit', holdForm, { capture: true });
  window.addEventListener('beforeunload', (event) => {
    void settle();
    if ([...editors].some((editor) => editor.hasProblem())) event.preventDefault();
  });
  // Phones may send no beforeunload.
  window.addEventListener('pagehide', () => void settle());

  function open(link) {
    const row = link.closest('tr');
    const opened = [...editors].find((editor) => editor.row === row);
    if (opened) return opened.focus();
    const editor = openEditor(link, {
      ...options,
      moveOn: () => {
        const next = row.nextElementSibling?.querySelector('[data-quick-quantity]');
        if (next) open(next);
      },
      closed: () => {
        editors.delete(editor);
        if (editors.size === 0) settled();
      },
    });
    editors.add(editor);
    return editor;
  }

  /** @returns whether nothing is left to save */
  async function settle() {
    const results = await Promise.all([...editors].map((editor) => editor.settle()));
    return results.every(Boolean);
  }

  function holdLink(event) {
    const link = event.target.closest('a[href]');
    if (!link || link.matches('[data-quick-quantity], [data-move]') || hasModifier(event)) return;
    hold(event, () => link.click());
  }

  function holdForm(event) {
    const { target: form, submitter } = event;
    if (form.matches('.quantity-editor')) return;
    hold(event, () => form.requestSubmit(submitter));
  }

  async function hold(event, resume) {
    if (editors.size === 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (await settle()) return resume();
    refuse();
    [...editors].find((editor) => editor.hasProblem())?.focus();
  }

  return { isEditing: () => editors.size > 0, settle };
}

function hasModifier({ ctrlKey, metaKey, shiftKey, altKey }) {
  return ctrlKey || metaKey || shiftKey || altKey;
}
