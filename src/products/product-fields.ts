import { z } from 'zod';
import type { Permission } from '../auth/permissions.ts';
import { barcodesField } from './barcodes.ts';
import { line, moneyField, optionalText, quantityField, rateField } from './field-rules.ts';

/** The option "Otra…" of the category field; the name is then in `newCategory`. */
export const OTHER_CATEGORY = '__other__';

interface FieldDefinition {
  /** Null: not known. */
  rule: z.ZodType<string | number | null>;
  /** MySQL type in `product` and in `product_import_row`. */
  columnType: string;
  /** The generated column that is read instead: it has decimals. */
  exactColumn?: string;
  isReference?: true;
  /** An integer: of minor units of the currency, or of hundredths of a percent. */
  amount?: 'money' | 'rate';
  /** Who may see it, if not everyone who may see products. */
  permission?: Permission;
  /** Searched; the trigger `product_updated` in mysql/triggers.sql compares it. */
  isSearched?: true;
  /** Lists sort by it, using the indexes `<key>` and `filtered_<key>` of `product`, or those of `exactColumn`. */
  isSorted?: true;
  /** The column of these indexes if the field can be NULL, with a number in its place. */
  orderColumn?: 'price_order';
  /** Style in the list (views/products/row.ejs); fields without one are not listed. */
  cell?: 'link' | 'code' | 'clamped' | 'plain' | 'quantity' | 'amount';
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
    exactColumn: 'on_hand',
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
      attributes: 'inputmode="decimal"',
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
  price: {
    rule: moneyField,
    columnType: 'bigint',
    amount: 'money',
    isSorted: true,
    orderColumn: 'price_order',
    cell: 'amount',
    exportWidth: 14,
    headers: {
      es: 'precio pvp preciodeventa precioventa precioalpublico preciopublico precioconiva preciounitario preciofinal valorunitario',
      en: 'price saleprice salesprice sellingprice retailprice unitprice pricewithtax',
    },
    form: {
      control: 'text',
      width: 'col-6 col-md-5',
      hint: 'product.priceHint',
      attributes: 'inputmode="decimal" maxlength="40"',
    },
  },
  cost: {
    rule: moneyField,
    columnType: 'bigint',
    amount: 'money',
    permission: 'cost:view',
    cell: 'amount',
    isHiddenAtFirst: true,
    exportWidth: 14,
    headers: {
      es: 'costo coste costounitario costeunitario preciodecosto preciodecoste preciodecompra preciocompra costodecompra costedecompra',
      en: 'cost unitcost costprice purchaseprice buyingprice',
    },
    form: {
      control: 'text',
      width: 'col-6 col-md-4',
      hint: 'product.costHint',
      attributes: 'inputmode="decimal" maxlength="40"',
    },
  },
  tax_rate: {
    rule: rateField,
    columnType: 'int',
    amount: 'rate',
    cell: 'amount',
    isHiddenAtFirst: true,
    exportWidth: 14,
    headers: {
      es: 'impuesto impuestos iva ivaporcentaje porcentajedeiva porcentajeiva tasadeiva tasadeimpuesto tipodeiva igv itbms',
      en: 'tax taxrate taxpercent taxpercentage vat vatrate salestax',
    },
    form: {
      control: 'text',
      width: 'col-6 col-md-3',
      hint: 'product.taxHint',
      attributes: 'inputmode="decimal" maxlength="10"',
      isKept: true,
    },
  },
} as const satisfies Record<string, FieldDefinition>;

type Definitions = typeof DEFINITIONS;
export type FieldKey = keyof Definitions;

export type ProductInput = { [Key in FieldKey]: z.output<Definitions[Key]['rule']> };

export type SortedKey = {
  [Key in FieldKey]: Definitions[Key] extends { isSorted: true } ? Key : never;
}[FieldKey];

type ReferenceKey = {
  [Key in FieldKey]: Definitions[Key] extends { isReference: true } ? Key : never;
}[FieldKey];
type ColumnOf<Key extends FieldKey> = Key extends ReferenceKey ? `${Key}_id` : Key;
type ReadColumn<Key extends FieldKey> = Definitions[Key] extends { exactColumn: infer Column extends string }
  ? Column
  : Key;
type SourceOf<Key extends FieldKey> = Key extends ReferenceKey ? `${Key}.name` : `product.${ReadColumn<Key>}`;

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
  source: (definition.isReference
    ? `${key}.name`
    : `product.${definition.exactColumn ?? key}`) as SourceOf<FieldKey>,
}));

export const FIELD_KEYS: readonly FieldKey[] = PRODUCT_FIELDS.map(({ key }) => key);

export const FORM_FIELDS: readonly ProductField[] = PRODUCT_FIELDS.toSorted(
  (one, other) => Number(one.form.control === 'category') - Number(other.form.control === 'category'),
);

export function fieldOf(key: FieldKey): ProductField {
  return PRODUCT_FIELDS.find((field) => field.key === key)!;
}

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
