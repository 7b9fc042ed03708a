import { ORDER_MAILS } from './checkout/order-mails.ts';
import { CUSTOMER_MAILS } from './customers/customer-mails.ts';
import { RETURN_ANSWERED } from './order-desk/return-requests.ts';
import { SELLER_MAILS } from './sellers/seller-mails.ts';

/** Of every feature that writes to customers. */
export const MAIL_TEMPLATES = [
  ...CUSTOMER_MAILS,
  ...Object.values(ORDER_MAILS),
  RETURN_ANSWERED,
  ...SELLER_MAILS,
];
