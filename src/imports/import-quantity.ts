/** Plain digits, or groups of three separated by dots, commas or spaces. */
const FORMATS = [
  /^(?<whole>\d+)(?:[.,](?<decimals>\d+))?$/,
  /^(?<whole>\d{1,3}(?:\.\d{3})+)(?:,(?<decimals>\d+))?$/,
  /^(?<whole>\d{1,3}(?:,\d{3})+)(?:\.(?<decimals>\d+))?$/,
  /^(?<whole>\d{1,3}(?:[ \u00a0\u202f]\d{3})+)(?:[.,](?<decimals>\d+))?$/,
];

/** Turns "12,0", "1.234,00" or "1 234" into digits. Other text is returned as is, for the form rules to reject. */
export function readQuantity(
  text: string,
): { digits: string } | { problem: 'fraction' | 'ambiguous'; values: object } {
  const typed = text.trim();
  // 1.234 is 1234 in Spain and a decimal in the US.
  if (/^[1-9]\d{0,2}[.,]\d{3}$/.test(typed)) {
    return { problem: 'ambiguous', values: { whole: typed.replace(/[.,]/, ''), typed } };
  }
  const number = FORMATS.map((format) => format.exec(typed)?.groups).find(Boolean);
  if (!number?.whole) return { digits: typed };
  if (/[1-9]/.test(number.decimals ?? '')) return { problem: 'fraction', values: {} };
  return { digits: number.whole.replace(/\D/g, '').replace(/^0+(?=\d)/, '') };
}
