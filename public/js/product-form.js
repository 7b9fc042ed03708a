// The last category option, "Other…", reveals a name field.
const form = document.getElementById('product-form');
const category = form.elements.namedItem('category');
const newCategory = form.querySelector('[data-new-category]');
const isOther = () => category.selectedIndex === category.options.length - 1;

newCategory.hidden = !isOther();
category.addEventListener('change', () => {
  newCategory.hidden = !isOther();
  if (isOther()) form.elements.namedItem('newCategory').focus();
});

// Of a field in conflict, the control shows the value that the choice keeps.
for (const choice of form.querySelectorAll('[data-choice]')) {
  const name = choice.dataset.choice;
  const field = form.elements.namedItem(name);
  const saved = choice.dataset.typed;
  let typed = field.value;
  field.addEventListener('input', () => {
    typed = field.value;
    choice.querySelector('[value=mine]').checked = true;
  });
  choice.addEventListener('change', (event) => {
    field.value = event.target.value === 'mine' ? typed : saved;
    if (field === category) newCategory.hidden = !isOther();
  });
}
