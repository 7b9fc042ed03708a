import { CUSTOMER_MAILS } from './customers/customer-mails.ts';

/** Of every feature that writes to customers. */
export const MAIL_TEMPLATES = [...CUSTOMER_MAILS];
