import { ignoreDoubleClick } from './double-click.js';
import { postAside } from './way-back.js';

/**
 * Receives and takes out beside the list, in the form of the product's page; where that cannot be had, the browser goes
 * to the page.
 *
 * @param done a movement is saved
 * @returns a function that opens the form at an address
 */
export function enableMoveDialog(dialog, { done }) {
  const title = dialog.querySelector('h2');
  const onHand = dialog.querySelector('[data-on-hand]');
  const content = dialog.querySelector('[data-content]');

  dialog.addEventListener('click', (event) => {
    const link = event.target.closest('a[href]');
    if (!link) return;
    event.preventDefault();
    if (link.matches('.move-choice')) void open(link.href);
    else dialog.close();
  });
  dialog.addEventListener('submit', async (event) => {
    event.preventDefault();
    const form = event.target;
    // Set by submit-once.js, which hears of the event next.
    if (form.dataset.sent) return;
    const { isAccepted, response } = await postAside(form);
    if (isAccepted) return done();
    // Having the same key, it gets the same answer, as a page.
    if (!(await show(response))) form.submit();
  });

  async function open(address, opening) {
    const response = await fetch(address).catch(() => undefined);
    if (!(await show(response))) location.assign(address);
    else if (opening) ignoreDoubleClick(dialog, opening);
  }

  /** @returns whether there was a form to show */
  async function show(response) {
    const page = new DOMParser().parseFromString((await response?.text()) ?? '', 'text/html');
    const panel = page.querySelector('[data-move-panel]');
    if (!panel) return false;
    title.textContent = page.querySelector('h1').textContent;
    onHand.textContent = page.querySelector('.on-hand').textContent;
    content.replaceChildren(document.adoptNode(panel));
    if (!dialog.open) dialog.showModal();
    content.querySelector('[autofocus]')?.focus();
    return true;
  }

  return open;
}
