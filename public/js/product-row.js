import { formatAmount } from './amounts.js';

/** Sets textContent only: nothing is parsed as HTML. */
export function fillRow(row, product, texts) {
  row.dataset.product = product.id;
  row.dataset.version = product.version;
  row.dataset.quantity = new Intl.NumberFormat(texts.language).format(product.quantity);
  row.dataset.unit = product.unit;
  for (const field of row.querySelectorAll('[data-field]')) {
    field.textContent = textOf(product[field.dataset.field], field.dataset, texts);
  }
  for (const cell of row.querySelectorAll('[data-amount]'))
    cell.textContent = formatAmount(product[cell.dataset.field], cell.dataset.amount, texts);
  for (const link of row.querySelectorAll('[data-href]')) {
    link.href = link.dataset.href.replace('{id}', product.id);
    const label = texts[link.dataset.labelText];
    if (label)
      link.setAttribute(
        'aria-label',
        label.replace('{name}', () => product.name),
      );
  }
  fillPhoto(row.querySelector('[data-photo]'), product);
  // Not among the columns that the person has chosen, perhaps.
  const quantity = row.querySelector('[data-field=quantity]');
  if (quantity) fillQuantity(quantity, row, product, texts);
  const badge = row.querySelector('[data-field=level]');
  if (!badge) return;
  // An instance of the previous version does not tell the level.
  const level = product.level ?? (product.available ? 'enough' : 'out');
  badge.textContent = { out: texts.outOfStock, low: texts.low, enough: texts.available }[level];
  badge.className = `badge badge-${level === 'enough' ? 'available' : level}`;
}

/** 0 stands for none; quantities are filled in apart. */
function textOf(value, { number, choice, flag }, texts) {
  if (flag !== undefined) return value === 1 ? texts.yes : '';
  if (number !== undefined) return textOfNumber(value, texts.language);
  return (choice ? texts.choices[choice]?.[value] : undefined) ?? (value || '');
}

function textOfNumber(value, language) {
  return value ? new Intl.NumberFormat(language).format(value) : '';
}

/** A saved quantity comes without the photo, which stays. */
function fillPhoto(photo, { thumbnail }) {
  if (!photo || thumbnail === undefined) return;
  photo.hidden = !thumbnail;
  if (thumbnail) photo.src = thumbnail;
}

function fillQuantity(quantity, row, product, texts) {
  quantity.textContent = row.dataset.quantity;
  quantity.dataset.value = product.quantity;
  // Plain text for users who may not change it.
  if ('quickQuantity' in quantity.dataset) {
    quantity.title = texts.changeQuantity.replace('{name}', () => product.name);
    quantity.setAttribute('aria-label', `${product.name}: ${quantity.textContent} ${product.unit}`);
  }
}
