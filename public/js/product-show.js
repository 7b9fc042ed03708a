import { enableDeleteDialog } from './delete-dialog.js';

enableDeleteDialog(
  document.getElementById('content'),
  (link) => link.dataset,
  () => '/products',
);

// The form was saved.
sessionStorage.removeItem('product-draft');
