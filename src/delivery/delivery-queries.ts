import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { DeliveryMethod } from './delivery.ts';

export const MAX_METHODS = 50;
export const MAX_RATES = 20;

export interface Place {
  country: string;
  region: string;
}

/** The nearest zone of a place: that of its region, of its country or of everywhere. */
async function findZoneOf(db: Kysely<Catalogue>, { country, region }: Place): Promise<number | undefined> {
  const area = await db
    .selectFrom('delivery_area')
    .select('zone_id')
    .where('country', 'in', [country, ''])
    .where('region', 'in', [region, ''])
    .orderBy('country', 'desc')
    .orderBy('region', 'desc')
    .limit(1)
    .executeTakeFirst();
  return area?.zone_id;
}

/** In the order of the shop: the one that was added first is the first. */
export async function listMethodsFor(db: Kysely<Catalogue>, place: Place): Promise<DeliveryMethod[]> {
  const zone = await findZoneOf(db, place);
  if (zone === undefined) return [];
  return listMethods(db, zone, { isOffered: true });
}

export async function listMethods(
  db: Kysely<Catalogue>,
  zone: number,
  { isOffered }: { isOffered?: boolean } = {},
): Promise<DeliveryMethod[]> {
  const rows = await db
    .selectFrom('delivery_method')
    .leftJoin('delivery_rate', 'delivery_rate.method_id', 'delivery_method.id')
    .select(['delivery_method.id', 'name', 'carrier', 'tracking_url as trackingUrl'])
    .select([
      'days_from as daysFrom',
      'days_to as daysTo',
      'free_from as freeFrom',
      'takes_cash as takesCash',
    ])
    .select(['max_weight as maxWeight', 'min_amount as minAmount', 'price'])
    .where('zone_id', '=', zone)
    .$if(isOffered === true, (query) => query.where('is_offered', '=', 1))
    .orderBy('delivery_method.id')
    .orderBy('position')
    .limit(MAX_METHODS * MAX_RATES)
    .execute();
  const methods = new Map<number, DeliveryMethod>();
  for (const { maxWeight, minAmount, price, takesCash, ...row } of rows) {
    const method = methods.get(row.id) ?? { ...row, takesCash: takesCash === 1, rates: [] };
    if (price !== null) method.rates.push({ maxWeight, minAmount: minAmount ?? 0, price });
    methods.set(row.id, method);
  }
  return [...methods.values()];
}

/** ISO codes to which something is delivered; empty among them: everywhere. Those of the first zone first. */
export async function listDeliveryCountries(db: Kysely<Catalogue>): Promise<string[]> {
  const rows = await db
    .selectFrom('delivery_area')
    .select('country')
    .where(
      sql<boolean>`EXISTS (
        SELECT 1 FROM delivery_method
        WHERE delivery_method.zone_id = delivery_area.zone_id AND is_offered = 1
      )`,
    )
    .groupBy('country')
    .orderBy(sql`MIN(delivery_area.zone_id)`)
    .limit(300)
    .execute();
  return rows.map(({ country }) => country);
}

export interface ShopSettings {
  /** How to pay by bank transfer; empty: it is not offered. */
  transferText: string;
  /** Where orders are picked up; empty: they are not. */
  pickUpText: string;
  /** In grams, of a product without a weight. */
  defaultWeight: number;
  /** In hundredths of a percent. */
  deliveryTaxRate: number;
  version: number;
}

export async function getShopSettings(db: Kysely<Catalogue>): Promise<ShopSettings> {
  return db
    .selectFrom('shop_setting')
    .select(['transfer_text as transferText', 'pick_up_text as pickUpText'])
    .select(['default_weight as defaultWeight', 'delivery_tax_rate as deliveryTaxRate', 'version'])
    .where('id', '=', 1)
    .executeTakeFirstOrThrow();
}
