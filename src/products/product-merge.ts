import { FIELD_KEYS, REFERENCE_KEYS, type FieldKey, type ProductInput } from './product-fields.ts';

export interface NewProductInput {
  input: ProductInput;
  isNewCategory: boolean;
}

export interface ProductEdit extends NewProductInput {
  version: number;
  /** The values that the form was opened with, where the client still knows them. */
  opened: Partial<ProductInput>;
  /** Fields that the client does not know: they stay as they are. */
  absent?: readonly FieldKey[];
}

export interface Merge {
  merged: ProductInput;
  /** Fields that only others have changed since the form was opened. */
  taken: FieldKey[];
  /** Fields that both sides have changed, to different values; `merged` has those of the edit. */
  disputed: FieldKey[];
}

/** A three-way merge. Without an opened value, a different saved value counts as changed by both. */
export function mergeEdit(
  current: ProductInput & { version: number },
  { input: typed, version, opened, absent = [] }: Omit<ProductEdit, 'isNewCategory'>,
): Merge {
  const input = { ...typed, ...Object.fromEntries(absent.map((key) => [key, current[key]])) };
  // Renaming a category or a supplier leaves the versions of its products as they are.
  const renamed = REFERENCE_KEYS.filter((key) => input[key] === opened[key]).map((key) => [key, input[key]]);
  const base: Partial<ProductInput> =
    version === current.version
      ? { ...current, ...(Object.fromEntries(renamed) as Partial<ProductInput>) }
      : opened;
  const differing = differingFields(current, input).filter((key) => base[key] !== current[key]);
  const taken = differing.filter((key) => input[key] === base[key]);
  const disputed = differing.filter((key) => input[key] !== base[key]);
  const theirs = Object.fromEntries(taken.map((key) => [key, current[key]]));
  return { merged: { ...input, ...theirs }, taken, disputed };
}

export function differingFields(before: ProductInput, after: ProductInput): FieldKey[] {
  return FIELD_KEYS.filter((key) => before[key] !== after[key]);
}
