/** How people and spreadsheets write a number: in digits alone, or in groups of three. */
const FORMATS = [
  /^(?<whole>\d+)(?:[.,](?<decimals>\d+))?$/,
  /^(?<whole>\d{1,3}(?:\.\d{3})+)(?:,(?<decimals>\d+))?$/,
  /^(?<whole>\d{1,3}(?:,\d{3})+)(?:\.(?<decimals>\d+))?$/,
  /^(?<whole>\d{1,3}(?:[ \u00a0\u202f]\d{3})+)(?:[.,](?<decimals>\d+))?$/,
];

/**
 * Writes a quantity as a spreadsheet has it ("12,0", "1.234,00", "1 234") in digits alone. What it cannot
 * tell stays as it is, for the rules of the form to refuse.
 *
 * @returns a problem where the text could mean two things, or a part of a piece
 */
export function readQuantity(
  text: string,
): { digits: string } | { problem: 'fraction' | 'ambiguous'; values: object } {
  const typed = text.trim();
  // Thousands for some, decimals for others.
  if (/^[1-9]\d{0,2}[.,]\d{3}$/.test(typed)) {
    return { problem: 'ambiguous', values: { whole: typed.replace(/[.,]/, ''), typed } };
  }
  const number = FORMATS.map((format) => format.exec(typed)?.groups).find(Boolean);
  if (!number?.whole) return { digits: typed };
  if (/[1-9]/.test(number.decimals ?? '')) return { problem: 'fraction', values: {} };
  return { digits: number.whole.replace(/\D/g, '').replace(/^0+(?=\d)/, '') };
}
