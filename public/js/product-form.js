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
