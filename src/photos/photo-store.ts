import type { Transaction } from 'kysely';
import type { Actor } from '../database/write-counts.ts';
import type { Catalogue } from '../database/tables.ts';
import type { ConvertedPhoto, PhotoWidth } from './photo.ts';

/** Holds files only: MySQL knows which product has which photo. Files never change, so caches may keep them. */
export interface PhotoStore {
  /** Called with the photo's row locked, so never at the same time as `remove`. Repeating it does no harm. */
  put(trx: Transaction<Catalogue>, photo: ConvertedPhoto): Promise<void>;
  find(actor: Actor, id: Buffer, width: PhotoWidth): Promise<Buffer | undefined>;
  /** Called with the rows locked of photos that no product has. Repeating it does no harm. */
  remove(trx: Transaction<Catalogue>, ids: Buffer[]): Promise<void>;
}
