/** Exact to thousandths: 0.1 + 0.2 is 0.3. A double holds the 13 digits of a quantity; MySQL sums many rows. */

export const MAX_DECIMALS = 3;
const THOUSAND = 10 ** MAX_DECIMALS;

/** The largest value of MySQL's INT. */
export const MAX_QUANTITY = 2_147_483_647;

export function add(one: number, other: number): number {
  return (inThousandths(one) + inThousandths(other)) / THOUSAND;
}

export function subtract(from: number, other: number): number {
  return add(from, -other);
}

/** The smallest multiple of `one`, at least one time, that is not below `least`. */
export function timesAtLeast(one: number, least: number): number {
  const times = Math.max(1, Math.ceil(inThousandths(least) / inThousandths(one)));
  return (inThousandths(one) * times) / THOUSAND;
}

export function decimalsOf(quantity: number): number {
  const thousandths = inThousandths(quantity);
  return [0, 1, 2].find((decimals) => thousandths % 10 ** (MAX_DECIMALS - decimals) === 0) ?? MAX_DECIMALS;
}

export function hasMoreDecimals(quantity: number, decimals: number): boolean {
  return decimalsOf(quantity) > decimals;
}

function inThousandths(quantity: number): number {
  return Math.round(quantity * THOUSAND);
}

/** The columns of a quantity (docs/decisions/decimal-quantities.md). */
export function quantityColumns(quantity: number) {
  const whole = Math.ceil(quantity);
  return { quantity: whole, rounded_up: subtract(whole, quantity) };
}

export function movementColumns(before: number, after: number) {
  const [from, to] = [quantityColumns(before), quantityColumns(after)];
  return {
    delta: to.quantity - from.quantity,
    delta_rounded: subtract(to.rounded_up, from.rounded_up),
    quantity_after: to.quantity,
    after_rounded: to.rounded_up,
  };
}
