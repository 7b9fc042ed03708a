import { enableDeleteDialog } from './delete-dialog.js';

enableDeleteDialog(
  document.getElementById('content'),
  (link) => link.dataset,
  () => '/products',
);

// What was typed has been saved.
sessionStorage.removeItem('product-draft');
