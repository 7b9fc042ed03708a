// The last category option, "Other…", reveals a name field; a button adopts a saved value.
const form = document.getElementById('product-form');
const category = form.elements.namedItem('category');
const newCategory = form.querySelector('[data-new-category]');
const isOther = () => category.selectedIndex === category.options.length - 1;

newCategory.hidden = !isOther();
category.addEventListener('change', () => {
  newCategory.hidden = !isOther();
  if (isOther()) form.elements.namedItem('newCategory').focus();
});

for (const button of form.querySelectorAll('[data-use-saved]')) {
  button.hidden = false;
  button.addEventListener('click', () => {
    const field = form.elements.namedItem(button.dataset.useSaved);
    field.value = button.dataset.value;
    field.dispatchEvent(new Event('change'));
    button.closest('.saved-value').hidden = true;
    field.focus();
  });
}

// Keeps a draft until the product page confirms the save, so that it survives a log-in after the session
// has ended.
const page = form.elements.namedItem('page').value;
const draft = JSON.parse(sessionStorage.getItem('product-draft') ?? 'null');
if (draft?.page === page && page === location.pathname) {
  for (const [name, value] of Object.entries(draft)) {
    const field = form.elements.namedItem(name);
    if (field && name !== '_csrf') field.value = value;
  }
  newCategory.hidden = !isOther();
}
form.addEventListener('submit', () => {
  sessionStorage.setItem('product-draft', JSON.stringify(Object.fromEntries(new FormData(form))));
});
