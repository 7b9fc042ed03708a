// The part of a product's form for books: opens for an ISBN, and suggests authors and publishers.
const DEBOUNCE_MS = 150;
const ISBN = /^(?:978\d{10}|979[1-9]\d{9}|\d{9}[\dX])$/i;

const form = document.getElementById('product-form');
const section = document.getElementById('book-fields');
const barcodes = form.elements.namedItem('barcodes');

barcodes.addEventListener('input', () => {
  const typed = barcodes.value.split(/[\n,;|]+/).map((barcode) => barcode.replace(/[\s-]/g, ''));
  if (typed.some((barcode) => ISBN.test(barcode))) section.open = true;
});

for (const input of form.querySelectorAll('[data-suggests]')) {
  let timer;
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => suggest(input), DEBOUNCE_MS);
  });
}

/** Completes the last author; those before stay in the value of the option. */
async function suggest(input) {
  const typed = input.value;
  const { before, text } =
    input.dataset.suggests === 'authors'
      ? /^(?<before>(?:.*;)?\s*)(?<text>.*)$/.exec(typed).groups
      : { before: '', text: typed };
  if (text.trim() === '') return;
  const query = new URLSearchParams({ field: input.dataset.suggests, text });
  try {
    const response = await fetch(`/api/books/suggestions?${query}`, {
      headers: { accept: 'application/json' },
    });
    if (!response.ok || input.value !== typed) return;
    const { suggestions } = await response.json();
    input.list.replaceChildren(...suggestions.map((suggestion) => new Option('', before + suggestion)));
  } catch {
    // Without suggestions, people type the whole name.
  }
}
