import type { Request } from 'express';
import type { Cart } from '../orders/cart.ts';
import { installedCurrency } from '../config/currency.ts';
import type { DeliveryQuote } from '../delivery/delivery.ts';
import { formatNumber } from '../http/i18n.ts';
import { formatMoney } from '../locales/money.ts';
import { unitWord } from '../products/unit-queries.ts';
import type { CartItem } from './cart-contents.ts';
import type { CheckoutState, CheckoutValues } from './checkout-form.ts';

interface Now {
  cart: Cart;
  items: CartItem[];
  quotes: DeliveryQuote[];
  values: CheckoutValues;
}

/** What is not as the customer has seen it, as sentences. */
export function changesSince(
  { cartVersion, seenPrices, seenDelivery }: CheckoutState,
  { cart, items, quotes, values }: Now,
  { t, language }: Pick<Request, 't' | 'language'>,
): string[] {
  const money = (amount: number) => formatMoney(amount, language, installedCurrency());
  const changes: string[] = [];
  if (cart.version !== cartVersion) changes.push(t('shopCheckout.changed.cart'));
  for (const { productId, name, price, problem, available, unit } of items) {
    const seen = seenPrices.get(productId);
    if (problem === 'fewer') {
      const left = `${formatNumber(available, language)} ${unitWord(available, unit)}`;
      changes.push(t('shopCheckout.changed.fewer', { name, left }));
    } else if (problem) {
      changes.push(t(`shopCheckout.changed.${problem}`, { name }));
    } else if (seen !== undefined && seen !== price) {
      changes.push(t('shopCheckout.changed.price', { name, from: money(seen), to: money(price) }));
    }
  }
  const chosen = quotes.find(({ method }) => String(method.id) === values.delivery);
  const seen = chosen && seenDelivery.get(chosen.method.id);
  if (chosen && seen !== chosen.price) {
    const { name } = chosen.method;
    changes.push(t('shopCheckout.changed.delivery', { name, to: money(chosen.price) }));
  }
  return changes;
}
