// The printed list says what it shows, and when: live search changes both after the page was rendered.
const heading = document.getElementById('print-heading');
const form = document.getElementById('filters');

addEventListener('beforeprint', () => {
  const { search, category, availability } = form.elements;
  const date = new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  const parts = [
    search.value && `«${search.value}»`,
    ...[category, availability].map((select) => select.value && select.selectedOptions[0].text),
    form.querySelector('[data-is-priced]')?.textContent,
    ...['supplier', 'tag', 'location'].map((name) => form.elements.namedItem(name).value),
    document.getElementById('total').textContent,
    date.format(new Date()),
  ];
  heading.textContent = parts.filter(Boolean).join(heading.dataset.separator);
});
