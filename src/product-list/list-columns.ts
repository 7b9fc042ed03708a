import { sql, type RawBuilder } from 'kysely';
import type { Permission } from '../auth/permissions.ts';
import {
  PRODUCT_FIELDS,
  type FieldKey,
  type ProductField,
  type SortedKey,
} from '../products/product-fields.ts';

export type SortColumn = 'number' | SortedKey | 'availability';

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

function fieldDefinition({
  key,
  source,
  isNumber,
  amount,
  isReference,
  exactColumn = key,
  orderColumn,
}: ProductField) {
  return [
    key as SortedKey,
    {
      expression: sql.ref(orderColumn ? `product.${orderColumn}` : source),
      keyType: isNumber || amount ? 'number' : 'string',
      ...(!isReference && { index: exactColumn }),
    },
  ] satisfies [SortColumn, SortColumnDefinition];
}

export const SORT_COLUMNS: readonly SortColumn[] = [...definitions.keys()];

export function sortDefinition(column: SortColumn): SortColumnDefinition {
  return definitions.get(column)!;
}

export const LIST_FIELDS = PRODUCT_FIELDS.filter(({ cell }) => cell);

const ALWAYS_SHOWN: ListColumn['name'][] = ['name', 'code'];

export interface ListColumn {
  name: SortColumn | FieldKey;
  isSorted: boolean;
  isAlwaysShown: boolean;
  isHiddenAtFirst: boolean;
  permission?: Permission | undefined;
}

export const LIST_COLUMNS: readonly ListColumn[] = [
  'number' as const,
  ...LIST_FIELDS.map(({ key }) => key),
  'availability' as const,
].map((name) => ({
  name,
  isSorted: (SORT_COLUMNS as readonly string[]).includes(name),
  isAlwaysShown: ALWAYS_SHOWN.includes(name),
  isHiddenAtFirst: LIST_FIELDS.some(({ key, isHiddenAtFirst }) => key === name && isHiddenAtFirst),
  permission: LIST_FIELDS.find(({ key }) => key === name)?.permission,
}));
