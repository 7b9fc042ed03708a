import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { STOCK_LEVELS, type StockLevel } from '../stock/stock-level.ts';
import { quantityToOrder } from './quantity-to-order.ts';

/** `order_from` of products without a supplier. */
export const NO_SUPPLIER = 0;
const SUPPLIERS_AT_ONCE = 100;

export interface OrderSupplier {
  id: number;
  name: string;
  contact: string;
  email: string;
  phone: string;
  leadTime: number | null;
}

export interface OrderLine {
  id: number;
  supplierId: number;
  code: string;
  name: string;
  supplierCode: string;
  quantity: number;
  minimumStock: number;
  unit: string;
  toOrder: number;
  /** In minor units of the currency; null: not known. */
  cost: number | null;
  level: StockLevel;
}

const WITHOUT_SUPPLIER: OrderSupplier = {
  id: NO_SUPPLIER,
  name: '',
  contact: '',
  email: '',
  phone: '',
  leadTime: null,
};

interface Row extends Omit<OrderLine, 'toOrder' | 'level'> {
  reserved: number;
  orderQuantity: number;
  stockLevel: 0 | 1 | 2;
}

function toLine({ reserved, orderQuantity, stockLevel, ...row }: Row): OrderLine {
  const { quantity, minimumStock } = row;
  const toOrder = quantityToOrder({ quantity, reserved, minimumStock, orderQuantity });
  return { ...row, toOrder, level: STOCK_LEVELS[stockLevel] };
}

interface SupplierPage {
  suppliers: OrderSupplier[];
  /** The supplier after which there are more. */
  next: string | undefined;
}

/** Those with something to order, by name; at the end, `NO_SUPPLIER` if products without one are to be ordered. */
export async function listOrderSuppliers(
  db: Kysely<Catalogue>,
  { after, limit }: { after: string; limit: number },
): Promise<SupplierPage> {
  const found = await selectSuppliers(db)
    .where(
      sql<boolean>`
        EXISTS (SELECT /*+ NO_SEMIJOIN() */ 1 FROM product WHERE order_from = supplier.id)`,
    )
    .$if(after !== '', (query) => query.where('name', '>', after))
    .orderBy('name')
    .limit(limit + 1)
    .execute();
  const suppliers = found.slice(0, limit);
  if (found.length > limit) return { suppliers, next: suppliers.at(-1)!.name };
  const [other] = await listOrderLines(db, { supplierId: NO_SUPPLIER, limit: 1 });
  return { suppliers: other ? [...suppliers, WITHOUT_SUPPLIER] : suppliers, next: undefined };
}

export async function findOrderSupplier(
  db: Kysely<Catalogue>,
  id: number,
): Promise<OrderSupplier | undefined> {
  if (id === NO_SUPPLIER) return WITHOUT_SUPPLIER;
  return selectSuppliers(db).where('id', '=', id).executeTakeFirst();
}

function selectSuppliers(db: Kysely<Catalogue>) {
  return db
    .selectFrom('supplier')
    .select(['id', 'name', 'contact', 'email', 'phone', 'lead_time_days as leadTime']);
}

const BY_INDEX = sql`/*+ INDEX(p order_from) */`;
/** A slow reader must not hit the time limit. */
const BY_INDEX_SLOWLY = sql`/*+ MAX_EXECUTION_TIME(3600000) INDEX(p order_from) */`;

export async function listOrderLines(
  db: Kysely<Catalogue>,
  { supplierId, after = 0, limit }: { supplierId: number; after?: number; limit: number },
): Promise<OrderLine[]> {
  const rows = await selectLines(db, supplierId, BY_INDEX).where('p.id', '>', after).limit(limit).execute();
  return rows.map(toLine);
}

export async function listFirstLines(
  db: Kysely<Catalogue>,
  supplierIds: number[],
  limit: number,
): Promise<Map<number, OrderLine[]>> {
  if (supplierIds.length === 0) return new Map();
  const selects = supplierIds.map((id) => selectLines(db, id, BY_INDEX).limit(limit));
  const { rows } = await sql<Row>`${sql.join(selects, sql` UNION ALL `)}`.execute(db);
  return Map.groupBy(rows.map(toLine), ({ supplierId }) => supplierId);
}

function selectLines(db: Kysely<Catalogue>, supplierId: number, hint: RawBuilder<unknown>) {
  return db
    .selectFrom('product as p')
    .modifyFront(hint)
    .select([
      'p.id',
      'p.order_from as supplierId',
      'p.code',
      'p.name',
      'p.supplier_code as supplierCode',
      'p.on_hand as quantity',
      'p.reserved',
      'p.minimum_stock as minimumStock',
      'p.order_quantity as orderQuantity',
      'p.unit',
      'p.cost',
      'p.stock_level as stockLevel',
    ])
    .where('p.order_from', '=', supplierId)
    .orderBy('p.id')
    .$castTo<Row>();
}

export async function* streamOrderLines(
  db: Kysely<Catalogue>,
  only: OrderSupplier | undefined,
): AsyncGenerator<OrderLine & { supplier: string }> {
  for await (const { id, name } of only ? [only] : streamOrderSuppliers(db)) {
    const rows = selectLines(db, id, BY_INDEX_SLOWLY).stream();
    for await (const row of rows) yield { ...toLine(row), supplier: name };
  }
}

async function* streamOrderSuppliers(db: Kysely<Catalogue>): AsyncGenerator<OrderSupplier> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const { suppliers, next }: SupplierPage = await listOrderSuppliers(db, {
      after,
      limit: SUPPLIERS_AT_ONCE,
    });
    yield* suppliers;
    after = next;
  }
}
