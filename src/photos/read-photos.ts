import type { Request } from 'express';
import { createHash } from 'node:crypto';
import type { Upload } from '../http/upload.ts';
import { convertPhoto } from './convert-process.ts';
import { MAX_PHOTOS, type ConvertedPhoto } from './photo.ts';
import { PhotoRefusedError, TooManyPhotosError } from './photo-errors.ts';
import { photoKindOf } from './photo-kind.ts';

const NAME_LENGTH = 60;

export interface ReadPhotos {
  photos: ConvertedPhoto[];
  /** Of the uploaded files, the same for a repeated request. */
  digest: string;
}

/** Converts the uploaded files one by one. @throws PhotoRefusedError, TooManyPhotosError */
export async function readPhotos({ uploads }: Request): Promise<ReadPhotos> {
  const photos: ConvertedPhoto[] = [];
  const hash = createHash('sha256');
  for await (const upload of (uploads ?? []) as AsyncIterable<Upload> | Upload[]) {
    // A field without a file.
    if (!upload.name) upload.file.resume();
    else if (photos.length === MAX_PHOTOS) throw new TooManyPhotosError();
    else
      photos.push(await readPhoto(upload, (file) => hash.update(createHash('sha256').update(file).digest())));
  }
  if (photos.length === 0) throw new PhotoRefusedError('none');
  return { photos, digest: hash.digest('hex') };
}

async function readPhoto(upload: Upload, note: (file: Buffer) => void): Promise<ConvertedPhoto> {
  const name = shortened(upload.name);
  const chunks: Buffer[] = [];
  for await (const chunk of upload.file) chunks.push(chunk as Buffer);
  if (upload.isTruncated()) throw new PhotoRefusedError('tooLarge', name);
  const file = Buffer.concat(chunks);
  const kind = photoKindOf(file);
  if (!kind) throw new PhotoRefusedError('kind', name);
  note(file);
  const conversion = await convertPhoto(file);
  if (conversion.is === 'done') return conversion.photo;
  const isUnknownHeic = kind === 'heic' && conversion.reason === 'unreadable';
  throw new PhotoRefusedError(isUnknownHeic ? 'heic' : conversion.reason, name);
}

function shortened(name: string): string {
  const characters = Array.from(name.toWellFormed().replace(/\p{Cc}+/gu, ' '));
  return characters.length > NAME_LENGTH
    ? `${characters.slice(0, NAME_LENGTH - 1).join('')}…`
    : characters.join('');
}
