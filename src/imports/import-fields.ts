import { plainHeader } from '../spreadsheets/spreadsheet.ts';

/** What a column can be. */
export const FIELDS = ['code', 'name', 'description', 'category', 'quantity', 'unit'] as const;
export type Field = (typeof FIELDS)[number];

/** Names of columns in Spanish and English, in the spelling of `plainHeader`. */
const NAMES: Record<Field, string[]> = {
  code: [
    ...['codigo', 'cod', 'codigodeproducto', 'codigoproducto', 'codigodelproducto', 'codigodearticulo'],
    ...[
      'codigoarticulo',
      'codigodebarras',
      'referencia',
      'ref',
      'sku',
      'clave',
      'ean',
      'ean13',
      'isbn',
      'gtin',
    ],
    ...['code', 'productcode', 'itemcode', 'articlecode', 'barcode', 'reference', 'partnumber', 'itemnumber'],
  ],
  name: [
    ...[
      'nombre',
      'nombredelproducto',
      'nombredeproducto',
      'nombreproducto',
      'producto',
      'articulo',
      'titulo',
    ],
    ...['denominacion', 'name', 'productname', 'itemname', 'product', 'item', 'article', 'title'],
  ],
  description: [
    ...['descripcion', 'descripciondelproducto', 'detalle', 'detalles', 'observaciones', 'notas'],
    ...['description', 'productdescription', 'details', 'notes', 'desc'],
  ],
  category: [
    ...['categoria', 'familia', 'grupo', 'seccion', 'departamento', 'tipo', 'clase'],
    ...['category', 'family', 'group', 'section', 'department', 'type', 'class'],
  ],
  quantity: [
    ...['cantidad', 'cant', 'existencia', 'existencias', 'stock', 'unidades', 'inventario', 'saldo'],
    ...['enexistencia', 'cantidadenstock', 'stockactual', 'disponibles'],
    ...['quantity', 'qty', 'onhand', 'quantityonhand', 'stockonhand', 'instock', 'units', 'count'],
  ],
  unit: [
    ...['unidad', 'unidaddemedida', 'medida', 'um', 'udm', 'ud', 'presentacion'],
    ...['unit', 'unitofmeasure', 'uom', 'measure'],
  ],
};

const FIELD_OF = new Map(FIELDS.flatMap((field) => NAMES[field].map((name) => [name, field] as const)));

/** The field of each column, null where none is recognised; of two columns for one field the first is it. */
export function recognise(headers: string[]): (Field | null)[] {
  const taken = new Set<Field>();
  return headers.map((header) => {
    const field = FIELD_OF.get(plainHeader(header));
    if (!field || taken.has(field)) return null;
    taken.add(field);
    return field;
  });
}

/** Whether these are the headers of a sheet of products: it has their codes. */
export function hasCodes(headers: string[]): boolean {
  return recognise(headers).includes('code');
}
