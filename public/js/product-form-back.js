// Cancel and Save lead back to the list or product that the form was opened from.
import { findOriginOf, goTo, leadTo, sendAside } from './way-back.js';

const form = document.getElementById('product-form');
const { pathname, searchParams } = new URL(form.elements.namedItem('page').value, location.href);
// Before "Save and add another" is a product that is saved already.
const origin = searchParams.has('after') ? undefined : findOriginOf(pathname);

leadTo(form.querySelector('[data-cancel]'), origin);
// A new product is shown; an edit is over.
if (origin && pathname !== '/products/new') sendAside(form, () => goTo(origin));
