import { z } from 'zod';
import { findCurrency, type Currency } from '../locales/money.ts';
import { readSettings } from './settings.ts';

const A_CURRENCY = 'the ISO 4217 code of a currency, such as USD, EUR or COP';

const currency = z.string().transform((code, context) => {
  const found = findCurrency(code);
  if (!found) context.addIssue({ code: 'custom', message: A_CURRENCY });
  return found ?? z.NEVER;
});

/** Of all prices and costs (docs/decisions/money.md). */
export const currencySettings = { CURRENCY: currency.prefault('USD') };

let installed: Currency | undefined;

/** For rules of fields, which also run where no configuration is at hand, as in the process that reads files. */
export function installedCurrency(): Currency {
  installed ??= readSettings(z.object(currencySettings)).CURRENCY;
  return installed;
}
