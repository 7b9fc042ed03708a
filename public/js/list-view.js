import { sendAside } from './way-back.js';

/** The panel of the list's choices: what is not saved is forgotten when it closes. */
export function enableListView() {
  const view = document.getElementById('list-view');
  const form = document.getElementById('list-choices');
  view.addEventListener('toggle', () => {
    if (!view.open && !form.dataset.sent) form.reset();
  });
  form.addEventListener('submit', () => {
    // Live search has changed the address.
    form.elements.namedItem('return').value = location.pathname + location.search;
  });
  // The list stays where it is scrolled to.
  sendAside(form, () => location.reload());
}
