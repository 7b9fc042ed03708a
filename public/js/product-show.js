import { enableDeleteDialog } from './delete-dialog.js';

enableDeleteDialog(
  document.getElementById('content'),
  (link) => link.dataset,
  () => '/products',
);
