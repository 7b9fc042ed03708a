import type { Kysely, Transaction } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import type { Actor } from '../database/write-counts.ts';
import type { ConvertedPhoto, PhotoWidth } from './photo.ts';
import type { PhotoStore } from './photo-store.ts';

export class MysqlPhotoStore implements PhotoStore {
  readonly #databases: Databases;

  constructor(databases: Databases) {
    this.#databases = databases;
  }

  async put(trx: Transaction<Catalogue>, { id, renditions }: ConvertedPhoto): Promise<void> {
    for (const { width, data } of renditions) {
      await trx.insertInto('photo_rendition').ignore().values({ photo: id, width, data }).execute();
    }
  }

  async find(actor: Actor, id: Buffer, width: PhotoWidth): Promise<Buffer | undefined> {
    const { catalogue } = this.#databases;
    const query = (db: Kysely<Catalogue>) =>
      db
        .selectFrom('photo_rendition')
        .select('data')
        .where('photo', '=', id)
        .where('width', '=', width)
        .executeTakeFirst();
    // A page may come from a replica that is ahead of the one that is asked for its photos.
    const row = (await catalogue.readReplica(actor, query)) ?? (await catalogue.readPrimary(query));
    return row?.data;
  }

  async remove(trx: Transaction<Catalogue>, ids: Buffer[]): Promise<void> {
    await trx.deleteFrom('photo_rendition').where('photo', 'in', ids).execute();
  }
}
