import { z } from 'zod';
import { email, COUNTRIES, name, required, trap } from '../customers/customer-forms.ts';
import { optionalText } from '../products/field-rules.ts';

/** As it was typed, to show it again. */
export const CHECKOUT_FIELDS = [
  ...([
    'email',
    'name',
    'phone',
    'delivery',
    'saved',
    'country',
    'region',
    'municipality',
    'street',
  ] as const),
  ...(['postalCode', 'directions', 'recipient', 'payment', 'keepAddress'] as const),
];
export type CheckoutValues = Record<(typeof CHECKOUT_FIELDS)[number], string>;

const contact = {
  name,
  phone: required(50, 'shopAccount.errors.phone'),
};

export const contactForm = z.object({ email, ...contact });
/** Customers order with the address of their account. */
export const customerContactForm = z.object(contact);

export const destinationForm = z.object({
  country: z.enum(COUNTRIES, 'shopAccount.errors.country'),
  region: required(80, 'shopAccount.errors.region'),
  municipality: required(80, 'shopAccount.errors.municipality'),
  street: required(200, 'shopAccount.errors.street'),
  postalCode: optionalText(12, 'shopAccount.errors.tooLong'),
  directions: optionalText(200, 'shopAccount.errors.tooLong'),
  recipient: optionalText(100, 'shopAccount.errors.nameLength'),
});

const uuid = z.string().regex(/^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);

/** "12:1990,15:500": what was shown of each product or method. Anything else is nothing that was seen. */
const seenAmounts = z
  .string()
  .max(4000)
  .regex(/^(?:\d{1,10}:\d{1,15}(?:,\d{1,10}:\d{1,15})*)?$/)
  .catch('')
  .transform(
    (text) =>
      new Map(
        text
          .split(',')
          .filter(Boolean)
          .map((pair) => pair.split(':').map(Number) as [number, number]),
      ),
  );

/** What the page holds besides its fields. */
export const checkoutState = z.object({
  placedKey: uuid.optional().catch(undefined),
  cartVersion: z.coerce.number().int().positive().catch(0),
  seenPrices: seenAmounts,
  seenDelivery: seenAmounts,
  /** A button: `order`, `update`, or what to do with a line that cannot be had. */
  step: z
    .string()
    .regex(/^(?:order|update|(?:keep|remove):\d{1,10})$/)
    .catch('order'),
  website: trap,
});

export type CheckoutState = z.output<typeof checkoutState>;

export function seenText(amounts: Iterable<readonly [number, number]>): string {
  return [...amounts].map((pair) => pair.join(':')).join(',');
}
