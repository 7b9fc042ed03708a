import { z } from 'zod';
import type { Permission } from '../auth/permissions.ts';
import { barcodesField } from './barcodes.ts';
import type { ChoiceKind } from './book-choices.ts';
import {
  authorList,
  choiceField,
  flagField,
  line,
  moneyField,
  optionalQuantity,
  optionalText,
  optionalWhole,
  quantityField,
  rateField,
  tagList,
  weightField,
} from './field-rules.ts';

/** The option "Otra…" of the category field; the name is then in `newCategory`. */
export const OTHER_CATEGORY = '__other__';

export type AmountKind = 'money' | 'rate' | 'weight';

interface FieldDefinition {
  /** Null: not known. */
  rule: z.ZodType<string | number | null>;
  /** MySQL type in `product` (or in `book`) and in `product_import_row`. */
  columnType: string;
  /** The generated column that is read instead: it has decimals. */
  exactColumn?: string;
  isReference?: true;
  /** A column of `book`, which has a row for each product with any such value (docs/decisions/books.md). */
  isOfBook?: true;
  choices?: ChoiceKind;
  /** 0 stands for none, and is shown as nothing. */
  hasNone?: true;
  /** 0 or 1: ticked in the form, "yes" or "no" in files. */
  isFlag?: true;
  /** An integer: of minor units of the currency, of hundredths of a percent, or of grams. */
  amount?: AmountKind;
  /** Who may see it, if not everyone who may see products. */
  permission?: Permission;
  /** Searched; the trigger `product_updated` in mysql/triggers.sql compares it. */
  isSearched?: true;
  /** Lists sort by it, using the indexes `<key>` and `filtered_<key>` of `product`, or those of `exactColumn`. */
  isSorted?: true;
  /** The column of these indexes if the field can be NULL, with a number in its place. */
  orderColumn?: 'price_order';
  /** Style in the list (views/products/rows.ejs); fields without one are not listed. */
  cell?: 'link' | 'code' | 'clamped' | 'plain' | 'quantity' | 'amount' | 'number' | 'choice' | 'flag';
  isHiddenAtFirst?: true;
  /** In characters. */
  exportWidth?: number;
  /** Accepted column titles, as `plainHeader` normalizes them; fields without any are not imported. */
  headers?: { es: string; en: string };
  form: FormControl;
}

interface FormControl {
  control: 'text' | 'textarea' | 'category' | 'choice' | 'flag';
  width: string;
  isRequired?: true;
  hint?: string;
  attributes?: string;
  /** The key of a text, as are `hint` and `initialText`: suggestions, separated by commas. */
  suggestions?: string;
  suggestsSaved?: true;
  /** Does so while one types (public/js/book-form.js). */
  suggestsTyped?: true;
  isMore?: true;
  initial?: string;
  initialText?: string;
  /** "Save and add another" keeps it for the next product. */
  isKept?: true;
  /** Of one product only: a duplicate starts without it. */
  isNotCopied?: true;
}

const FIRST_YEAR = 1400;
/** Books are announced a year or two before they appear. */
const lastYear = () => new Date().getFullYear() + 2;
const MAX_PAGES = 99_999;

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
      es: 'descripcion descripciondelproducto detalle detalles observaciones',
      en: 'description productdescription details desc',
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
    isHiddenAtFirst: true,
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
  taxRate: {
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
  location: {
    rule: optionalText(50, 'product.errors.locationLength'),
    columnType: 'varchar(50)',
    isSearched: true,
    cell: 'plain',
    isHiddenAtFirst: true,
    exportWidth: 20,
    headers: {
      es: 'ubicacion lugar localizacion estante estanteria pasillo bodega almacen dondeesta',
      en: 'location shelf bin aisle storagelocation warehouse',
    },
    form: {
      control: 'text',
      width: 'col-md-6',
      hint: 'product.locationHint',
      suggestsSaved: true,
      isKept: true,
      isMore: true,
    },
  },
  minimumStock: {
    rule: optionalQuantity,
    columnType: 'decimal(13,3)',
    cell: 'number',
    isHiddenAtFirst: true,
    exportWidth: 14,
    headers: {
      es: 'stockminimo minimo cantidadminima existenciaminima existenciasminimas puntodepedido puntodereorden',
      en: 'minimumstock minstock minimum minimumquantity reorderpoint reorderlevel',
    },
    form: {
      control: 'text',
      width: 'col-6 col-md-3',
      hint: 'product.minimumStockHint',
      attributes: 'inputmode="decimal"',
      initial: '0',
      isMore: true,
    },
  },
  orderQuantity: {
    rule: optionalQuantity,
    columnType: 'decimal(13,3)',
    cell: 'number',
    isHiddenAtFirst: true,
    exportWidth: 18,
    headers: {
      es: 'cantidadporpedir cantidadapedir cantidaddepedido cantidaddereposicion lotedepedido',
      en: 'orderquantity orderqty quantitytoorder reorderquantity reorderqty',
    },
    form: {
      control: 'text',
      width: 'col-6 col-md-3',
      hint: 'product.orderQuantityHint',
      attributes: 'inputmode="decimal"',
      initial: '0',
      isMore: true,
    },
  },
  supplier: {
    rule: optionalText(100, 'product.errors.supplierLength'),
    columnType: 'varchar(100)',
    isReference: true,
    cell: 'plain',
    isHiddenAtFirst: true,
    exportWidth: 25,
    headers: {
      es: 'proveedor distribuidor nombredelproveedor',
      en: 'supplier vendor suppliername vendorname',
    },
    form: {
      control: 'text',
      width: 'col-md-6',
      hint: 'product.supplierHint',
      suggestsSaved: true,
      isKept: true,
      isMore: true,
    },
  },
  supplierCode: {
    rule: optionalText(50, 'product.errors.supplierCodeLength'),
    columnType: 'varchar(50)',
    cell: 'code',
    isHiddenAtFirst: true,
    exportWidth: 20,
    headers: {
      es: 'codigodelproveedor codigoproveedor codproveedor referenciadelproveedor refproveedor',
      en: 'suppliercode vendorcode suppliersku supplierreference supplierpartnumber',
    },
    form: {
      control: 'text',
      width: 'col-md-6',
      attributes: 'spellcheck="false"',
      isNotCopied: true,
      isMore: true,
    },
  },
  tags: {
    rule: tagList(200, 'product.errors.tagsLength'),
    columnType: 'varchar(200)',
    cell: 'plain',
    isHiddenAtFirst: true,
    exportWidth: 25,
    headers: { es: 'etiquetas etiqueta', en: 'tags tag labels' },
    form: { control: 'text', width: 'col-12', hint: 'product.tagsHint', isMore: true },
  },
  notes: {
    rule: optionalText(2000, 'product.errors.notesLength', { keepsLines: true }),
    columnType: 'varchar(2000)',
    cell: 'clamped',
    isHiddenAtFirst: true,
    exportWidth: 50,
    headers: { es: 'notas nota notasinternas', en: 'notes note internalnotes' },
    form: { control: 'textarea', width: 'col-12', hint: 'product.notesHint', isMore: true },
  },
  onSale: {
    rule: flagField('product.errors.flag'),
    columnType: 'tinyint(1)',
    isFlag: true,
    cell: 'flag',
    isHiddenAtFirst: true,
    exportWidth: 12,
    headers: {
      es: 'enventa alaventa enlatienda publicadoenlatienda',
      en: 'onsale forsale inshop intheshop',
    },
    form: {
      control: 'flag',
      width: 'col-md-6',
      hint: 'product.onSaleHint',
      initial: 'no',
      isNotCopied: true,
      isMore: true,
    },
  },
  weight: {
    rule: weightField,
    columnType: 'int unsigned',
    amount: 'weight',
    cell: 'amount',
    isHiddenAtFirst: true,
    exportWidth: 12,
    headers: {
      es: 'pesog pesogr pesoengramos gramos',
      en: 'weightg weightgr weightingrams grams',
    },
    form: {
      control: 'text',
      width: 'col-6 col-md-3',
      hint: 'product.weightHint',
      attributes: 'inputmode="decimal" maxlength="20"',
      isMore: true,
    },
  },
  authors: {
    rule: authorList(300, 'product.errors.authorsLength'),
    columnType: 'varchar(300)',
    isOfBook: true,
    cell: 'plain',
    isHiddenAtFirst: true,
    exportWidth: 30,
    headers: { es: 'autores autor autora autoras autoria escritor', en: 'authors author writer' },
    form: { control: 'text', width: 'col-12', hint: 'product.authorsHint', suggestsTyped: true },
  },
  publisher: {
    rule: optionalText(100, 'product.errors.publisherLength'),
    columnType: 'varchar(100)',
    isOfBook: true,
    cell: 'plain',
    isHiddenAtFirst: true,
    exportWidth: 20,
    headers: { es: 'editorial editora selloeditorial', en: 'publisher publishinghouse imprint' },
    form: { control: 'text', width: 'col-md-6', suggestsTyped: true, isKept: true },
  },
  year: {
    rule: optionalWhole(FIRST_YEAR, lastYear, 'product.errors.year'),
    columnType: 'smallint unsigned',
    isOfBook: true,
    hasNone: true,
    cell: 'plain',
    isHiddenAtFirst: true,
    exportWidth: 8,
    headers: {
      es: 'ano anodepublicacion anopublicacion anodeedicion anoedicion',
      en: 'year publicationyear yearofpublication yearpublished',
    },
    form: { control: 'text', width: 'col-6 col-md-3', attributes: 'inputmode="numeric"' },
  },
  pages: {
    rule: optionalWhole(1, () => MAX_PAGES, 'product.errors.pages'),
    columnType: 'mediumint unsigned',
    isOfBook: true,
    hasNone: true,
    cell: 'number',
    isHiddenAtFirst: true,
    exportWidth: 8,
    headers: {
      es: 'paginas pags numerodepaginas npaginas nodepaginas',
      en: 'pages pagecount numberofpages',
    },
    form: { control: 'text', width: 'col-6 col-md-3', attributes: 'inputmode="numeric"' },
  },
  language: {
    rule: choiceField('language', 'product.errors.language'),
    columnType: 'varchar(3)',
    isOfBook: true,
    choices: 'language',
    cell: 'choice',
    isHiddenAtFirst: true,
    exportWidth: 14,
    headers: { es: 'idioma lengua', en: 'language' },
    form: { control: 'choice', width: 'col-6', isKept: true },
  },
  binding: {
    rule: choiceField('binding', 'product.errors.binding'),
    columnType: 'varchar(10)',
    isOfBook: true,
    choices: 'binding',
    cell: 'choice',
    isHiddenAtFirst: true,
    exportWidth: 14,
    headers: { es: 'encuadernacion tipodeencuadernacion', en: 'binding bookbinding' },
    form: { control: 'choice', width: 'col-6', isKept: true },
  },
} as const satisfies Record<string, FieldDefinition>;

type Definitions = typeof DEFINITIONS;
export type FieldKey = keyof Definitions;

export type ProductInput = { [Key in FieldKey]: z.output<Definitions[Key]['rule']> };

export type ReferenceKey = {
  [Key in FieldKey]: Definitions[Key] extends { isReference: true } ? Key : never;
}[FieldKey];
export type BookKey = {
  [Key in FieldKey]: Definitions[Key] extends { isOfBook: true } ? Key : never;
}[FieldKey];
export type SortedKey = {
  [Key in FieldKey]: Definitions[Key] extends { isSorted: true } ? Key : never;
}[FieldKey];
/** `minimumStock` as `minimum_stock`. */
type Snake<Text extends string> = Text extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : Text;
type ReadColumn<Key extends FieldKey> = Definitions[Key] extends { exactColumn: infer Column extends string }
  ? Column
  : Snake<Key>;
type ColumnOf<Key extends FieldKey> = Key extends ReferenceKey ? `${Key}_id` : Snake<Key>;
type SourceOf<Key extends FieldKey> = Key extends ReferenceKey
  ? `${Key}.name`
  : Key extends BookKey
    ? `book.${Key}`
    : `product.${ReadColumn<Key>}`;

export interface ProductField<Key extends FieldKey = FieldKey> extends FieldDefinition {
  key: Key;
  column: ColumnOf<Key>;
  source: SourceOf<Key>;
  /** In `product_import_row`. */
  rowColumn: Snake<Key>;
  isNumber: boolean;
}

export const PRODUCT_FIELDS: readonly ProductField[] = (
  Object.entries(DEFINITIONS) as [FieldKey, FieldDefinition][]
).map(([key, definition]) => {
  const snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return {
    ...definition,
    key,
    column: (definition.isReference ? `${key}_id` : snake) as ColumnOf<FieldKey>,
    source: (definition.isReference
      ? `${key}.name`
      : `${definition.isOfBook ? 'book' : 'product'}.${definition.exactColumn ?? snake}`) as SourceOf<FieldKey>,
    rowColumn: (definition.exactColumn ?? snake) as ReadColumn<FieldKey>,
    isNumber: !definition.amount && !definition.isFlag && !definition.columnType.startsWith('varchar'),
  };
});

export const BOOK_FIELDS = PRODUCT_FIELDS.filter(
  ({ isOfBook }) => isOfBook,
) as readonly ProductField<BookKey>[];

export const REFERENCE_KEYS = PRODUCT_FIELDS.filter(({ isReference }) => isReference).map(
  ({ key }) => key as ReferenceKey,
);

const NUMBER_KEYS = new Set(PRODUCT_FIELDS.filter(({ isNumber }) => isNumber).map(({ key }) => key));

export function isNumberKey(key: FieldKey): boolean {
  return NUMBER_KEYS.has(key);
}

const FLAG_KEYS = new Set(PRODUCT_FIELDS.filter(({ isFlag }) => isFlag).map(({ key }) => key));

export function isFlagKey(key: FieldKey): boolean {
  return FLAG_KEYS.has(key);
}

export function isOfBook(key: FieldKey): boolean {
  return BOOK_FIELDS.some((field) => field.key === key);
}

export type OwnColumns = {
  [Key in Exclude<FieldKey, ReferenceKey | BookKey> as ColumnOf<Key>]: ProductInput[Key];
};

export function ownColumns(input: ProductInput): OwnColumns {
  const own = PRODUCT_FIELDS.filter(({ isReference, isOfBook }) => !isReference && !isOfBook);
  return Object.fromEntries(own.map(({ key, column }) => [column, input[key]])) as OwnColumns;
}

export const FIELD_KEYS: readonly FieldKey[] = PRODUCT_FIELDS.map(({ key }) => key);

/** The category last of the essentials, beside the name of a new one. */
const placeInForm = ({ form, isOfBook }: ProductField) =>
  isOfBook ? 3 : form.isMore ? 2 : form.control === 'category' ? 1 : 0;
export const FORM_FIELDS: readonly ProductField[] = PRODUCT_FIELDS.toSorted(
  (one, other) => placeInForm(one) - placeInForm(other),
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
  [Key in FieldKey]: ProductInput[Key] extends string
    ? ColumnOf<Exclude<Key, ReferenceKey | BookKey>>
    : never;
}[FieldKey];

function ownTexts(isWanted: (field: ProductField) => true | undefined): OwnText[] {
  const isOwnText = ({ isReference, isOfBook, columnType }: ProductField) =>
    !isReference && !isOfBook && columnType.startsWith('varchar');
  return PRODUCT_FIELDS.filter((field) => isOwnText(field) && isWanted(field)).map(
    ({ column }) => column as OwnText,
  );
}

const CREDITS = 'credits';

export const INDEXED_COLUMNS = {
  searched: [...ownTexts(({ isSearched }) => isSearched), CREDITS] as const,
  sorted: ownTexts(({ isSorted }) => isSorted),
};

export const SEARCHED_SOURCES = [
  ...PRODUCT_FIELDS.filter(({ isSearched }) => isSearched).map(({ source }) => source),
  `product.${CREDITS}`,
];
