// Cancel and Save lead back to the list or product that the form was opened from.
import { findOriginOf, goTo, leadTo, sendAside } from './way-back.js';

const form = document.getElementById('product-form');
const page = form.elements.namedItem('page').value;
const origin = findOriginOf(page);

leadTo(form.querySelector('[data-cancel]'), origin);
// A new product is shown; an edit is over.
if (origin && page !== '/products/new') sendAside(form, () => goTo(origin));
