let counter = Date.now() % 1_000_000_000;

/** The last digit that completes these to a GTIN, counted in the other direction than by the system. */
export function checkDigit(digits: string): number {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const isThreefold = (digits.length - index) % 2 === 1;
    sum += Number(digits[index]) * (isThreefold ? 3 : 1);
  }
  return (1000 - sum) % 10;
}

export const withCheckDigit = (digits: string) => `${digits}${checkDigit(digits)}`;

const next = () => String(counter++).padStart(9, '0');

export const newEan13 = () => withCheckDigit(`299${next()}`);
export const newUpcA = () => withCheckDigit(`04${next()}`);
export const newItf14 = () => withCheckDigit(`1299${next()}`);

/** With another last digit. */
export function damaged(barcode: string): string {
  return `${barcode.slice(0, -1)}${(Number(barcode.at(-1)) + 1) % 10}`;
}
