import { z } from 'zod';
import { line, optionalText, rateField } from '../products/field-rules.ts';

const required = (max: number, missing: string) =>
  line(max, { missing, tooLong: 'shopAccount.errors.tooLong' });
const optional = (max: number) => optionalText(max, 'shopAccount.errors.tooLong', { keepsLines: true });

/** What a customer says who wants to sell. */
export const sellerForm = z.object({
  name: required(100, 'sellers.errors.name'),
  contact: required(200, 'sellers.errors.contact'),
  payTo: optional(200),
  about: optional(500),
});

export type SellerInput = z.output<typeof sellerForm>;

const rate = rateField.pipe(z.number('sellers.errors.rate'));
const version = z.coerce.number().int().positive().catch(0);

export const defaultRateForm = z.object({ rate });

const approval = z.object({ action: z.literal('approved'), version, rate, reason: z.literal('').catch('') });
const rejection = z.object({
  action: z.enum(['refused', 'suspended']),
  version,
  rate: z.undefined().catch(undefined),
  reason: required(200, 'sellers.errors.reason'),
});

export const decisionForm = z.discriminatedUnion('action', [approval, rejection]);
export type Decision = z.output<typeof decisionForm>;

const FIRST_DAY = Date.UTC(2000, 0, 1);
const DAY_MS = 24 * 3600_000;

/** A day that exists and has begun somewhere on earth. */
const day = z
  .string('sellers.errors.paidOn')
  .regex(/^\d{4}-\d\d-\d\d$/, 'sellers.errors.paidOn')
  .refine((text) => {
    const date = new Date(`${text}T00:00:00Z`);
    return !Number.isNaN(+date) && date.toISOString().startsWith(text);
  }, 'sellers.errors.paidOn')
  .refine(
    (text) => Date.parse(text) >= FIRST_DAY && Date.parse(text) < Date.now() + DAY_MS,
    'sellers.errors.paidOn',
  );

export const payoutForm = z.object({
  reference: required(100, 'sellers.errors.reference'),
  paidOn: day,
  /** As the page showed it. */
  amount: z.coerce.number().int().catch(0),
});

export type PayoutInput = z.output<typeof payoutForm>;
