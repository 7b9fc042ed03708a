import { z } from 'zod';
import { line, optionalText } from '../products/field-rules.ts';
import type { Supplier } from './supplier-queries.ts';

const address = z.email().max(254);

export const supplierForm = z.object({
  name: line(100, { missing: 'suppliers.errors.name', tooLong: 'product.errors.supplierLength' }),
  contact: optionalText(100, 'suppliers.errors.contactLength'),
  email: z
    .string()
    .default('')
    .transform((text) => text.trim())
    .refine((text) => text === '' || address.safeParse(text).success, 'suppliers.errors.email'),
  phone: optionalText(50, 'suppliers.errors.phoneLength'),
  leadTime: z
    .string()
    .default('')
    .transform((text) => text.trim())
    .pipe(z.string().regex(/^\d{0,3}$/, 'suppliers.errors.leadTime'))
    .transform((text) => (text === '' ? null : Number(text))),
});

export const supplierEdit = supplierForm.extend({ version: z.coerce.number().int().positive() });

const typed = z.string().catch('');
const typedValues = z.object({ name: typed, contact: typed, email: typed, phone: typed, leadTime: typed });
export type SupplierValues = z.output<typeof typedValues>;

export function readTyped(body: unknown): SupplierValues {
  return typedValues.parse(body ?? {});
}

export function valuesOf({ name, contact, email, phone, leadTime }: Supplier): SupplierValues {
  return { name, contact, email, phone, leadTime: leadTime === null ? '' : String(leadTime) };
}
