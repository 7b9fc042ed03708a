const formatters = new Map();

/** As src/locales/money.ts does: of an integer in minor units, in hundredths of a percent or in grams. Nothing for null. */
export function formatAmount(amount, kind, { language, money }) {
  if (amount === null || amount === undefined) return '';
  if (kind === 'weight') return String(amount);
  if (kind === 'rate') return numbersOf(language, { useGrouping: false }).format(decimalText(amount, 2));
  return numbersOf(money.locale, money.options).format(decimalText(amount, money.decimals));
}

/** A text, so that no amount becomes a number with a fraction. */
function decimalText(amount, decimals) {
  const digits = String(amount).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function numbersOf(locale, options) {
  const key = `${locale} ${options.currency ?? ''}`;
  if (!formatters.has(key)) formatters.set(key, new Intl.NumberFormat(locale, options));
  return formatters.get(key);
}
