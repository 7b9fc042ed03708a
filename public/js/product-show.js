import { enableDeleteDialog } from './delete-dialog.js';
import { findListBefore, goTo, leadTo, sendAside } from './way-back.js';

const list = findListBefore();
leadTo(document.querySelector('[data-to-list]'), list);
const deletion = document.querySelector('#delete-dialog form');
if (deletion && list) sendAside(deletion, () => goTo(list));

enableDeleteDialog(
  document.getElementById('content'),
  (link) => link.dataset,
  () => '/products',
);
