import type { Transaction } from 'kysely';
import { recordProductEvent } from '../audit/audit-trail.ts';
import type { Catalogue } from '../database/tables.ts';
import type { ConvertedPhoto } from '../photos/photo.ts';
import { attachPhotos, detachPhoto, movePhotoFirst } from '../photos/photo-queries.ts';
import type { PhotoStore } from '../photos/photo-store.ts';
import { lockProduct } from './product-queries.ts';

interface Person {
  kind: 'user' | 'customer';
  id: number;
}

/** `sellerId` as in `lockProduct`. @throws ProductNotFoundError, ProductDeletedError, TooManyPhotosError */
export async function addPhotos(
  trx: Transaction<Catalogue>,
  store: PhotoStore,
  { id, photos }: { id: number; photos: ConvertedPhoto[] },
  actor: Person,
  sellerId?: number,
): Promise<{ name: string; count: number }> {
  const { current } = await lockProduct(trx, id, sellerId);
  const userId = actor.kind === 'user' ? actor.id : null;
  const count = await attachPhotos(trx, store, { productId: id, photos, userId });
  if (count > 0) {
    const event = { actor, target: current, details: { count } };
    await recordProductEvent(trx, { action: 'product.photosAdded', ...event });
  }
  return { name: current.name, count };
}

/** @throws ProductNotFoundError, ProductDeletedError, PhotoGoneError */
export async function removePhoto(
  trx: Transaction<Catalogue>,
  id: number,
  photo: Buffer,
  actor: Person,
  sellerId?: number,
): Promise<{ name: string }> {
  const { current } = await lockProduct(trx, id, sellerId);
  await detachPhoto(trx, id, photo);
  await recordProductEvent(trx, { action: 'product.photoRemoved', actor, target: current });
  return { name: current.name };
}

/** @throws ProductNotFoundError, ProductDeletedError, PhotoGoneError */
export async function makePhotoFirst(
  trx: Transaction<Catalogue>,
  id: number,
  photo: Buffer,
  sellerId?: number,
): Promise<{ name: string }> {
  const { current } = await lockProduct(trx, id, sellerId);
  await movePhotoFirst(trx, id, photo);
  return { name: current.name };
}
