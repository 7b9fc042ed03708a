import type { Request } from 'express';
import type { Address } from '../customers/address-queries.ts';
import { readForm, type FormResult } from '../http/forms.ts';
import type { PaymentProvider } from '../payments/provider.ts';
import { contactForm, customerContactForm, destinationForm } from './checkout-form.ts';
import type { Situation } from './checkout-situation.ts';
import { isPayable, type Delivery } from './payment-choices.ts';

/** What is ordered, of which nothing comes from the browser but the customer's own data. */
export interface ReadOrder {
  contact: { email: string; name: string; phone: string };
  address: object | null;
  isNewAddress: boolean;
  way: Delivery;
  provider: PaymentProvider;
}

export function readOrder(
  req: Request,
  { values, addresses, quotes, canPickUp, payments, transferText }: Situation,
): FormResult<ReadOrder> {
  const errors: Record<string, string> = {};
  const isCustomer = req.customer.id > 0;
  const contact = readForm(isCustomer ? customerContactForm : contactForm, values, req.t);
  if (!contact.ok) Object.assign(errors, contact.errors);

  const quote = quotes.find(({ method }) => String(method.id) === values.delivery);
  const isPickedUp = canPickUp && values.delivery === 'pick_up';
  const way: Delivery | undefined = isPickedUp ? { kind: 'pick_up' } : quote && { kind: 'delivery', quote };
  const saved = addresses.find(({ id }) => String(id) === values.saved);
  const destination = saved || isPickedUp ? undefined : readForm(destinationForm, values, req.t);
  if (destination && !destination.ok) Object.assign(errors, destination.errors);
  if (!way) errors.delivery = req.t('shopCheckout.errors.delivery');

  const provider = payments.find(({ name }) => name === values.payment);
  if (!provider) errors.payment = req.t('shopCheckout.errors.payment');
  else if (way && !isPayable(provider, way, transferText !== ''))
    errors.payment = req.t('shopCheckout.errors.paymentForDelivery');

  if (Object.keys(errors).length > 0 || !contact.ok || !way || !provider) return { ok: false, errors };
  const given = { email: req.customer.email, ...contact.data };
  return {
    ok: true,
    data: {
      ...{ contact: given, way, provider },
      address: isPickedUp ? null : addressOf(given, saved, destination?.ok ? destination.data : undefined),
      isNewAddress: destination?.ok === true,
    },
  };
}

function addressOf(
  { name, phone }: { name: string; phone: string },
  saved: Address | undefined,
  typed: ReturnType<typeof destinationForm.parse> | undefined,
): object | null {
  if (saved) {
    const { country, region, municipality, street, postalCode, directions } = saved;
    return {
      ...{ name: saved.name, phone: saved.phone, country, region, municipality, street },
      ...{ postalCode, directions },
    };
  }
  if (!typed) return null;
  const { recipient, ...place } = typed;
  return { name: recipient || name, phone, ...place };
}
