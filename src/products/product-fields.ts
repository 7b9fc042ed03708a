import { z } from 'zod';
import { barcodesField } from './barcodes.ts';
import { line, optionalText, quantityField } from './field-rules.ts';

/** The option "Otra…" of the category field; the name is then in `newCategory`. */
export const OTHER_CATEGORY = '__other__';

interface FieldDefinition {
  rule: z.ZodType<string | number>;
  /** MySQL type in `product` and in `product_import_row`. */
  columnType: string;
  isReference?: true;
  /** Searched; the trigger `product_updated` in mysql/triggers.sql compares it. */
  isSearched?: true;
  /** Lists sort by it, using the indexes `<key>` and `filtered_<key>` of `product`. */
  isSorted?: true;
  /** Style in the list (views/products/row.ejs); fields without one are not listed. */
  cell?: 'link' | 'code' | 'clamped' | 'plain' | 'quantity';
  /** In the list only for people who choose it. */
  isHiddenAtFirst?: true;
  /** In characters. */
  exportWidth?: number;
  /** Accepted column titles, as `plainHeader` normalizes them; fields without any are not imported. */
  headers?: { es: string; en: string };
  form: FormControl;
}

interface FormControl {
  control: 'text' | 'textarea' | 'category';
  width: string;
  isRequired?: true;
  hint?: string;
  attributes?: string;
  /** The key of a text, as are `hint` and `initialText`: suggestions, separated by commas. */
  suggestions?: string;
  initial?: string;
  initialText?: string;
  /** "Save and add another" keeps it for the next product. */
  isKept?: true;
  /** Of one product only: a duplicate starts without it. */
  isNotCopied?: true;
}

/** Checked against migrations, triggers, import SQL and texts by test/products/product-fields.test.ts. */
const DEFINITIONS = {
  name: {
    rule: line(100, { missing: 'product.errors.name', tooLong: 'product.errors.nameLength' }),
    columnType: 'varchar(100)',
    isSearched: true,
    isSorted: true,
    cell: 'link',
    exportWidth: 45,
    headers: {
      es: 'nombre nombredelproducto nombredeproducto nombreproducto producto articulo titulo denominacion',
      en: 'name productname itemname product item article title',
    },
    form: { control: 'text', width: 'col-md-8', isRequired: true },
  },
  code: {
    rule: line(50, { missing: 'product.errors.code', tooLong: 'product.errors.codeLength' }),
    columnType: 'varchar(50)',
    isSearched: true,
    isSorted: true,
    cell: 'code',
    exportWidth: 20,
    headers: {
      es: 'codigo cod codigodeproducto codigoproducto codigodelproducto codigodearticulo codigoarticulo referencia ref sku clave',
      en: 'code productcode itemcode articlecode reference partnumber itemnumber',
    },
    form: {
      control: 'text',
      width: 'col-md-4',
      isRequired: true,
      hint: 'product.codeHint',
      isNotCopied: true,
      attributes: 'autocapitalize="characters" spellcheck="false"',
    },
  },
  description: {
    rule: optionalText(500, 'product.errors.descriptionLength', { keepsLines: true }),
    columnType: 'varchar(500)',
    isSearched: true,
    isSorted: true,
    cell: 'clamped',
    exportWidth: 60,
    headers: {
      es: 'descripcion descripciondelproducto detalle detalles observaciones notas',
      en: 'description productdescription details notes desc',
    },
    form: { control: 'textarea', width: 'col-md-8' },
  },
  barcodes: {
    rule: barcodesField,
    columnType: 'varchar(1040)',
    cell: 'clamped',
    isHiddenAtFirst: true,
    exportWidth: 20,
    headers: {
      es: 'codigosdebarras codigodebarras ean ean13 ean8 isbn isbn13 isbn10 gtin',
      en: 'barcodes barcode eancode upc upca',
    },
    form: {
      control: 'textarea',
      width: 'col-md-4',
      hint: 'product.barcodesHint',
      isNotCopied: true,
      attributes: 'spellcheck="false" autocapitalize="characters"',
    },
  },
  category: {
    rule: line(50, {
      missing: 'product.errors.category',
      tooLong: 'product.errors.categoryLength',
    }).refine((text) => text !== OTHER_CATEGORY, 'product.errors.category'),
    columnType: 'varchar(50)',
    isReference: true,
    isSearched: true,
    isSorted: true,
    cell: 'plain',
    exportWidth: 20,
    headers: {
      es: 'categoria familia grupo seccion departamento tipo clase',
      en: 'category family group section department type class',
    },
    form: { control: 'category', width: 'col-md-5', isRequired: true, isKept: true },
  },
  quantity: {
    rule: quantityField,
    columnType: 'int',
    isSorted: true,
    cell: 'quantity',
    exportWidth: 12,
    headers: {
      es: 'cantidad cant existencia existencias stock unidades inventario saldo enexistencia cantidadenstock stockactual disponibles',
      en: 'quantity qty onhand quantityonhand stockonhand instock units count',
    },
    form: {
      control: 'text',
      width: 'col-6 col-md-3',
      isRequired: true,
      attributes: 'inputmode="numeric"',
      initial: '0',
      isNotCopied: true,
    },
  },
  unit: {
    rule: line(30, { missing: 'product.errors.unit', tooLong: 'product.errors.unitLength' }),
    columnType: 'varchar(30)',
    isSorted: true,
    cell: 'plain',
    exportWidth: 16,
    headers: {
      es: 'unidad unidaddemedida medida um udm ud presentacion',
      en: 'unit unitofmeasure uom measure',
    },
    form: {
      control: 'text',
      width: 'col-6 col-md-4',
      isRequired: true,
      hint: 'product.unitHint',
      suggestions: 'product.units',
      initialText: 'product.initialUnit',
      isKept: true,
    },
  },
} as const satisfies Record<string, FieldDefinition>;

type Definitions = typeof DEFINITIONS;
export type FieldKey = keyof Definitions;

export type ProductInput = { [Key in FieldKey]: z.output<Definitions[Key]['rule']> };

type ReferenceKey = {
  [Key in FieldKey]: Definitions[Key] extends { isReference: true } ? Key : never;
}[FieldKey];
type ColumnOf<Key extends FieldKey> = Key extends ReferenceKey ? `${Key}_id` : Key;
type SourceOf<Key extends FieldKey> = Key extends ReferenceKey ? `${Key}.name` : `product.${Key}`;

export interface ProductField<Key extends FieldKey = FieldKey> extends FieldDefinition {
  key: Key;
  column: ColumnOf<Key>;
  source: SourceOf<Key>;
}

export const PRODUCT_FIELDS: readonly ProductField[] = (
  Object.entries(DEFINITIONS) as [FieldKey, FieldDefinition][]
).map(([key, definition]) => ({
  ...definition,
  key,
  column: (definition.isReference ? `${key}_id` : key) as ColumnOf<FieldKey>,
  source: (definition.isReference ? `${key}.name` : `product.${key}`) as SourceOf<FieldKey>,
}));

export const FIELD_KEYS: readonly FieldKey[] = PRODUCT_FIELDS.map(({ key }) => key);

export const FORM_FIELDS: readonly ProductField[] = PRODUCT_FIELDS.toSorted(
  (one, other) => Number(one.form.control === 'category') - Number(other.form.control === 'category'),
);

/** Problems are reported in the order of the form. */
export const productFields = z.object(
  Object.fromEntries(FORM_FIELDS.map(({ key, rule }) => [key, rule])) as unknown as {
    [Key in FieldKey]: Definitions[Key]['rule'];
  },
);

type OwnText = {
  [Key in FieldKey]: ProductInput[Key] extends string ? Exclude<Key, ReferenceKey> : never;
}[FieldKey];

function ownTexts(isWanted: (field: ProductField) => true | undefined): OwnText[] {
  const isOwnText = (field: ProductField) => !field.isReference && field.columnType.startsWith('varchar');
  return PRODUCT_FIELDS.filter((field) => isOwnText(field) && isWanted(field)).map(
    ({ key }) => key as OwnText,
  );
}

export const INDEXED_COLUMNS = {
  searched: ownTexts(({ isSearched }) => isSearched),
  sorted: ownTexts(({ isSorted }) => isSorted),
};
