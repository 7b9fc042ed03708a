import { sql, type RawBuilder } from 'kysely';
import { PRODUCT_FIELDS, type FieldKey, type ProductField } from '../products/product-fields.ts';

export type SortColumn = 'number' | FieldKey | 'availability';

interface SortColumnDefinition {
  expression: RawBuilder<unknown>;
  keyType: 'number' | 'string';
  index?: string;
}

const definitions = new Map<SortColumn, SortColumnDefinition>([
  ['number', { expression: sql`product.id`, keyType: 'number', index: 'PRIMARY' }],
  ...PRODUCT_FIELDS.filter(({ isSorted }) => isSorted).map(fieldDefinition),
  ['availability', { expression: sql`product.available`, keyType: 'number' }],
]);

function fieldDefinition({ key, source, columnType, isReference, exactColumn = key }: ProductField) {
  return [
    key,
    {
      expression: sql.ref(source),
      keyType: columnType === 'int' ? 'number' : 'string',
      ...(!isReference && { index: exactColumn }),
    },
  ] satisfies [SortColumn, SortColumnDefinition];
}

export const SORT_COLUMNS: readonly SortColumn[] = [...definitions.keys()];

export function sortDefinition(column: SortColumn): SortColumnDefinition {
  return definitions.get(column)!;
}

export const LIST_FIELDS = PRODUCT_FIELDS.filter(({ cell }) => cell);

/** They say which product a row is. */
const ALWAYS_SHOWN: SortColumn[] = ['name', 'code'];

export interface ListColumn {
  name: SortColumn;
  isSorted: boolean;
  isAlwaysShown: boolean;
  isHiddenAtFirst: boolean;
}

export const LIST_COLUMNS: readonly ListColumn[] = [
  'number' as const,
  ...LIST_FIELDS.map(({ key }) => key),
  'availability' as const,
].map((name) => ({
  name,
  isSorted: definitions.has(name),
  isAlwaysShown: ALWAYS_SHOWN.includes(name),
  isHiddenAtFirst: LIST_FIELDS.some(({ key, isHiddenAtFirst }) => key === name && isHiddenAtFirst),
}));
