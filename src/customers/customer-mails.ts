import { z } from 'zod';
import type { MailTemplate, Reader } from '../mail/mail.ts';
import { pathOf, type ShopPage } from '../shop/shop-paths.ts';
import { LINK_HOURS } from './customer-links.ts';
import { linkToken } from './link-tokens.ts';

const link = z.object({ token: z.string() });
const nothing = z.object({});

/** To an address that nobody has confirmed: no text that a visitor has typed, or strangers could write to it. */
export const CONFIRM_ADDRESS: MailTemplate<{ token: string }> = {
  ...withLink('confirm', LINK_HOURS.register),
  name: 'confirm-address',
};

export const CONFIRM_NEW_ADDRESS: MailTemplate<{ token: string }> = {
  ...withLink('confirmEmail', LINK_HOURS.email),
  name: 'confirm-new-address',
};

export const RESET_PASSWORD: MailTemplate<{ token: string }> = {
  ...withLink('reset', LINK_HOURS.reset),
  name: 'reset-password',
};

export const ACCOUNT_EXISTS = notice('account-exists', 'exists', 'logIn');
export const PASSWORD_CHANGED = notice('password-changed', 'passwordChanged', 'forgotten');
export const ADDRESS_CHANGED = notice('address-changed', 'addressChanged');
export const ACCOUNT_DELETED = notice('account-deleted', 'deleted');

export const CUSTOMER_MAILS = [
  CONFIRM_ADDRESS,
  CONFIRM_NEW_ADDRESS,
  RESET_PASSWORD,
  ACCOUNT_EXISTS,
  PASSWORD_CHANGED,
  ADDRESS_CHANGED,
  ACCOUNT_DELETED,
];

function withLink(
  page: 'confirm' | 'confirmEmail' | 'reset',
  hours: number,
): Omit<MailTemplate<{ token: string }>, 'name'> {
  return {
    data: link,
    isSecret: true,
    write: ({ token }, reader) => {
      const text = linkToken(Buffer.from(token, 'hex'), reader.secret);
      return fill(reader, page, { page, query: `?t=${text}` }, { hours });
    },
  };
}

function notice(name: string, key: string, page?: ShopPage): MailTemplate<object> {
  return { name, data: nothing, write: (_data, reader) => fill(reader, key, page && { page, query: '' }) };
}

function fill(
  { t, language, publicUrl, sender }: Reader,
  key: string,
  target: { page: ShopPage; query: string } | undefined,
  values: Record<string, number> = {},
) {
  const own = `mail.account.${key}`;
  return {
    subject: t(`${own}.subject`),
    view: 'notice',
    values: {
      paragraphs: t(`${own}.text`, { ...values, sender }).split('\n'),
      link: target && {
        text: t(`${own}.link`),
        url: publicUrl + pathOf(language, target.page) + target.query,
      },
      foot: t('mail.foot'),
    },
  };
}
