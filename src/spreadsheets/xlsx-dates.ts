const DAY_MS = 24 * 3600_000;

export function dateStyles(styles: number[], formats: Map<number, string>): boolean[] {
  return styles.map((format) => {
    const code = formats.get(format);
    if (code === undefined) return isBuiltInDate(format);
    // Drop quoted text, escapes and conditions, then look for date letters.
    return /[dmyhs]/i.test(
      code
        .slice(0, 1000)
        .replace(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/g, '')
        .replace(/general|standard/gi, ''),
    );
  });
}

/** ECMA-376, 18.8.30: built-in formats. */
function isBuiltInDate(format: number): boolean {
  return (
    (format >= 14 && format <= 22) ||
    (format >= 27 && format <= 36) ||
    (format >= 45 && format <= 47) ||
    (format >= 50 && format <= 58)
  );
}

/** @param serial days since 1899-12-30, or since 1904-01-01 */
export function isoDate(serial: number, startsIn1904: boolean): string {
  const start = startsIn1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, 30);
  const date = new Date(start + Math.round(serial * DAY_MS));
  if (Number.isNaN(date.getTime())) return String(serial);
  const text = date.toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.slice(0, 16).replace('T', ' ');
}
