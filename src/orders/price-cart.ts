import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { UnitDecimalsError } from '../products/product-errors.ts';
import { OutOfStockError } from '../stock/holds.ts';
import { hasMoreDecimals } from '../stock/quantities.ts';
import { CartChangedError } from './order-errors.ts';
import { priceLine, type PricedLine } from './prices.ts';

export type CheckedLine = PricedLine & {
  productId: number;
  code: string;
  name: string;
  unit: string;
  quantity: number;
  /** As seen; `hold` finds out whether it still is. */
  price: number;
  taxRate: number;
  /** Null: the shop itself. */
  sellerId: number | null;
  /** Of the seller now, in hundredths of a percent. */
  commissionRate: number;
};

/** @throws CartChangedError if it is empty, OutOfStockError, UnitDecimalsError */
export async function priceCart(
  trx: Transaction<Catalogue>,
  cartId: number,
  seenPrices: ReadonlyMap<number, number>,
): Promise<CheckedLine[]> {
  const found = await trx
    .selectFrom('cart_line')
    .leftJoin('product', 'product.id', 'cart_line.product_id')
    .leftJoin('unit', 'unit.code', 'product.unit')
    .leftJoin('seller', 'seller.id', 'product.seller_id')
    .select(['cart_line.product_id as productId', 'cart_line.quantity', 'product.price as currentPrice'])
    .select(['product.code', 'product.name', 'product.unit'])
    .select(sql<number>`COALESCE(unit.decimals, 0)`.as('decimals'))
    .select(sql<number>`COALESCE(product.tax_rate, 0)`.as('taxRate'))
    .select(['product.seller_id as sellerId', 'seller.state as sellerState'])
    .select(sql<number>`COALESCE(seller.commission_rate, 0)`.as('commissionRate'))
    .where('cart_id', '=', cartId)
    .orderBy('cart_line.product_id')
    .execute();
  if (found.length === 0) throw new CartChangedError();
  const gone = found.filter(
    ({ code, productId, sellerId, sellerState }) =>
      code === null || !seenPrices.has(productId) || (sellerId !== null && sellerState !== 'approved'),
  );
  if (gone.length > 0) {
    const refused = gone.map(({ productId, quantity, currentPrice }) => ({
      ...{ productId, quantity, available: 0, price: currentPrice },
      seenPrice: seenPrices.get(productId) ?? null,
    }));
    throw new OutOfStockError(refused);
  }
  const split = found.find(({ quantity, decimals }) => hasMoreDecimals(quantity, decimals));
  if (split) throw new UnitDecimalsError({ code: split.unit!, decimals: split.decimals }, 'quantity');
  return found.map(({ code, name, unit, ...line }) => {
    const price = seenPrices.get(line.productId)!;
    return {
      ...{ productId: line.productId, quantity: line.quantity, taxRate: line.taxRate, price },
      ...{ sellerId: line.sellerId, commissionRate: line.commissionRate },
      ...{ code: code!, name: name!, unit: unit! },
      ...priceLine(line.quantity, price, line.taxRate),
    };
  });
}
