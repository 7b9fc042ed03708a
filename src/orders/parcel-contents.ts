import type { Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

export interface ParcelContent {
  orderLineId: number;
  quantity: number;
}

/** Adds to each parcel what lies in it, with one query for all. */
export async function withContents<Parcel extends { id: number }>(
  db: Kysely<Catalogue>,
  parcels: Parcel[],
): Promise<(Parcel & { lines: ParcelContent[] })[]> {
  if (parcels.length === 0) return [];
  const contents = await db
    .selectFrom('parcel_line')
    .select(['parcel_id as parcelId', 'order_line_id as orderLineId', 'quantity'])
    .where(
      'parcel_id',
      'in',
      parcels.map(({ id }) => id),
    )
    .orderBy('order_line_id')
    .execute();
  const lines = Map.groupBy(contents, ({ parcelId }) => parcelId);
  return parcels.map((parcel) => ({ ...parcel, lines: lines.get(parcel.id) ?? [] }));
}
