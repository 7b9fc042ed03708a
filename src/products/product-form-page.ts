import type { Request, Response } from 'express';
import type { Databases } from '../database/databases.ts';
import type { DomainError } from '../errors/domain-error.ts';
import { NO_PROBLEM, type FormPage } from '../http/save-form.ts';
import { hasIsbn } from './barcodes.ts';
import { listChoices, type ChoiceKind } from './book-choices.ts';
import { isBlank } from './field-rules.ts';
import { listCategories } from './category-queries.ts';
import { listLocations, listSupplierNames } from './supplier-queries.ts';
import type { ToldChange, ToldDeletion } from './change-texts.ts';
import { ProductNotFoundError, type TakenBarcode } from './product-errors.ts';
import { FORM_FIELDS, OTHER_CATEGORY } from './product-fields.ts';
import {
  productId,
  readAsTyped,
  readOpened,
  type OpenedValues,
  type ProductFormValues,
} from './product-form.ts';
import { isWholeNumber } from './typed-quantity.ts';
import { findUnit, plainUnit, type Unit } from './unit-queries.ts';

export interface ProductFormPage extends Partial<FormPage> {
  id?: number;
  values?: ProductFormValues;
  copyOf?: string;
  version?: number;
  opened?: OpenedValues;
  disputed?: (ToldChange & { mine: string })[];
  taken?: ToldChange[];
  deletion?: ToldDeletion | undefined;
  holder?: TakenBarcode['holder'];
}

export async function renderForm(
  databases: Databases,
  req: Request,
  res: Response,
  page: ProductFormPage,
): Promise<void> {
  const [categories, supplier, location] = await databases.catalogue.readReplica(req.principal!, (db) =>
    Promise.all([listCategories(db, { toSave: true }), listSupplierNames(db), listLocations(db)]),
  );
  const { values = readAsTyped(req.body) } = page;
  res.render('products/form', {
    id: undefined,
    copyOf: undefined,
    values,
    hasIsbn: hasIsbn(values.barcodes),
    version: (req.body as { version?: string } | undefined)?.version,
    opened: readOpened(req.body),
    disputed: [],
    taken: [],
    deletion: undefined,
    holder: undefined,
    ...NO_PROBLEM,
    ...page,
    categories,
    suggested: { supplier, location },
    fields: FORM_FIELDS,
    listChoices: (kind: ChoiceKind) => listChoices(kind, req.language),
    otherCategory: OTHER_CATEGORY,
  });
}

export async function findTypedUnit(databases: Databases, req: Request): Promise<Unit> {
  const { quantity, unit } = readAsTyped(req.body);
  const code = unit.trim();
  if (isWholeNumber(quantity) || isBlank(code)) return plainUnit(code);
  return databases.catalogue.readReplica(req.principal!, (db) => findUnit(db, code));
}

export function takenBarcodePage({ textKey, values, details }: DomainError, { t }: Request) {
  return { errors: { barcodes: t(textKey, values) }, holder: (details as TakenBarcode).holder };
}

/** @throws ProductNotFoundError */
export function readId(req: Request): number {
  const id = productId.safeParse(req.params.id);
  if (!id.success) throw new ProductNotFoundError();
  return id.data;
}
