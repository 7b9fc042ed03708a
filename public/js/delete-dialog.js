import { ignoreDoubleClick } from './double-click.js';

/** Confirms a deletion in a dialog; without this script the link leads to a confirmation page. */
export function enableDeleteDialog(
  container,
  describe,
  returnTo = () => location.pathname + location.search,
) {
  const dialog = document.getElementById('delete-dialog');
  // Absent for users who may not delete.
  if (!dialog) return;
  const form = dialog.querySelector('form');
  dialog.querySelector('[data-cancel]').addEventListener('click', () => dialog.close());
  container.addEventListener('click', (event) => {
    const link = event.target.closest('[data-delete]');
    if (!link) return;
    event.preventDefault();
    const { name, quantity } = describe(link.closest('tr') ?? link);
    form.action = link.getAttribute('href');
    form.elements.namedItem('return').value = returnTo();
    dialog.querySelector('h2').textContent = dialog.dataset.title.replace('{name}', () => name);
    dialog.querySelector('p[data-text]').textContent = dialog.dataset.text.replace('{quantity}', quantity);
    dialog.showModal();
    ignoreDoubleClick(dialog, event);
  });
}
