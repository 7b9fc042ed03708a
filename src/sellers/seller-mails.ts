import { z } from 'zod';
import type { MailTemplate, Reader } from '../mail/mail.ts';
import { pathOf, type ShopPage } from '../shop/shop-paths.ts';

const decided = z.object({ action: z.enum(['approved', 'refused', 'suspended']), reason: z.string() });
const sold = z.object({ number: z.string() });
const nothing = z.object({});

export const SELLER_DECIDED: MailTemplate<z.output<typeof decided>> = {
  name: 'seller-decided',
  data: decided,
  write: ({ action, reason }, reader) =>
    fill(reader, { key: action, more: [reason].filter(Boolean), page: 'sell', values: {} }),
};

export const SELLER_SOLD: MailTemplate<z.output<typeof sold>> = {
  name: 'seller-sold',
  data: sold,
  write: ({ number }, reader) =>
    fill(reader, { key: 'sold', more: [], page: 'sellOrder', values: { number } }),
};

/** Whoever steals a session cannot have payouts sent elsewhere unseen. */
export const SELLER_PAY_TO_CHANGED: MailTemplate<z.output<typeof nothing>> = {
  name: 'seller-pay-to-changed',
  data: nothing,
  write: (_data, reader) => fill(reader, { key: 'payToChanged', more: [], page: 'sell', values: {} }),
};

export const SELLER_MAILS = [SELLER_DECIDED, SELLER_SOLD, SELLER_PAY_TO_CHANGED];

function fill(
  { t, language, publicUrl, sender }: Reader,
  {
    key,
    more,
    page,
    values,
  }: { key: string; more: string[]; page: ShopPage; values: Record<string, string> },
) {
  const own = `mail.seller.${key}`;
  return {
    subject: t(`${own}.subject`, { ...values, sender }),
    view: 'notice',
    values: {
      paragraphs: [...t(`${own}.text`, { ...values, sender }).split('\n'), ...more],
      link: { text: t(`${own}.link`), url: publicUrl + pathOf(language, page, values) },
      foot: t('mail.foot'),
    },
  };
}
