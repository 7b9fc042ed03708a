import { sql, type Kysely, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { ConvertedPhoto } from './photo.ts';
import { MAX_PHOTOS } from './photo.ts';
import { PhotoGoneError, TooManyPhotosError } from './photo-errors.ts';
import type { PhotoStore } from './photo-store.ts';

/** A position that no photo has, for the one that moves. */
const ASIDE = MAX_PHOTOS;

/** Of `product`, null without photos. Read by itself, for the rows that are shown. */
export const FIRST_PHOTO = sql<Buffer | null>`
  (SELECT photo FROM product_photo WHERE product_id = product.id AND position = 0)`.as('photo');

/** The ids of all photos of `product`, for `readPhotoIds`. */
export const PHOTO_IDS = sql<string | null>`
  (SELECT GROUP_CONCAT(HEX(photo) ORDER BY position) FROM product_photo WHERE product_id = product.id)`.as(
  'photos',
);

export function readPhotoIds(ids: string | null): Buffer[] {
  return (ids?.split(',') ?? []).map((id) => Buffer.from(id, 'hex'));
}

async function listPhotos(db: Kysely<Catalogue>, productId: number): Promise<Buffer[]> {
  const rows = await db
    .selectFrom('product_photo')
    .select('photo')
    .where('product_id', '=', productId)
    .orderBy('position')
    .execute();
  return rows.map(({ photo }) => photo);
}

/** The product must be locked. Skips photos that it has. @returns how many it added @throws TooManyPhotosError */
export async function attachPhotos(
  trx: Transaction<Catalogue>,
  store: PhotoStore,
  { productId, photos, userId }: { productId: number; photos: ConvertedPhoto[]; userId: number | null },
): Promise<number> {
  const present = (await listPhotos(trx, productId)).map((id) => id.toString('hex'));
  const missing = new Map(photos.map((photo) => [photo.id.toString('hex'), photo]));
  for (const id of present) missing.delete(id);
  if (missing.size === 0) return 0;
  if (present.length + missing.size > MAX_PHOTOS) throw new TooManyPhotosError();
  // In one order: two people may add the same photos to two products.
  for (const [, photo] of [...missing].sort(([one], [other]) => (one < other ? -1 : 1))) {
    await sql`
      INSERT INTO photo (sha256) VALUES (${photo.id})
      ON DUPLICATE KEY UPDATE unused_since = NULL`.execute(trx);
    await store.put(trx, photo);
  }
  const rows = [...missing.values()].map(({ id }, index) => ({
    product_id: productId,
    position: present.length + index,
    photo: id,
    added_by: userId,
  }));
  await trx.insertInto('product_photo').values(rows).execute();
  return missing.size;
}

/** The product must be locked. @throws PhotoGoneError */
export async function detachPhoto(trx: Transaction<Catalogue>, productId: number, id: Buffer): Promise<void> {
  const position = await getPosition(trx, productId, id);
  await trx
    .deleteFrom('product_photo')
    .where('product_id', '=', productId)
    .where('position', '=', position)
    .execute();
  await sql`
    UPDATE product_photo SET position = position - 1
    WHERE product_id = ${productId} AND position > ${position} ORDER BY position`.execute(trx);
  await trx
    .updateTable('photo')
    .set({ unused_since: sql`UTC_TIMESTAMP(3)` })
    .where('sha256', '=', id)
    .execute();
}

/** The product must be locked. @throws PhotoGoneError */
export async function movePhotoFirst(
  trx: Transaction<Catalogue>,
  productId: number,
  id: Buffer,
): Promise<void> {
  const position = await getPosition(trx, productId, id);
  const move = (from: number, to: number) =>
    trx
      .updateTable('product_photo')
      .set({ position: to })
      .where('product_id', '=', productId)
      .where('position', '=', from)
      .execute();
  await move(position, ASIDE);
  await sql`
    UPDATE product_photo SET position = position + 1
    WHERE product_id = ${productId} AND position < ${position} ORDER BY position DESC`.execute(trx);
  await move(ASIDE, 0);
}

async function getPosition(db: Kysely<Catalogue>, productId: number, id: Buffer): Promise<number> {
  const row = await db
    .selectFrom('product_photo')
    .select('position')
    .where('product_id', '=', productId)
    .where('photo', '=', id)
    .executeTakeFirst();
  if (!row) throw new PhotoGoneError();
  return row.position;
}
