import { DomainError } from '../errors/domain-error.ts';
import { MAX_MEGAPIXELS, MAX_PHOTO_BYTES, MAX_PHOTOS } from './photo.ts';

export type PhotoProblem = 'none' | 'kind' | 'heic' | 'tooLarge' | 'tooManyPixels' | 'unreadable';

const TEXT_KEYS = {
  none: 'photos.errors.none',
  kind: 'photos.errors.kind',
  heic: 'photos.errors.heic',
  tooLarge: 'photos.errors.tooLarge',
  tooManyPixels: 'photos.errors.tooManyPixels',
  unreadable: 'photos.errors.unreadable',
} as const satisfies Record<PhotoProblem, string>;

/** No photo of the request is kept. */
export class PhotoRefusedError extends DomainError {
  constructor(problem: PhotoProblem, name = '') {
    super({
      code: 'photo_refused',
      status: problem === 'tooLarge' ? 413 : 422,
      textKey: TEXT_KEYS[problem],
      values: { name, megabytes: MAX_PHOTO_BYTES / 1024 / 1024, megapixels: MAX_MEGAPIXELS },
      field: 'photos',
    });
  }
}

export class TooManyPhotosError extends DomainError {
  constructor() {
    super({
      code: 'too_many_photos',
      status: 422,
      textKey: 'photos.errors.tooMany',
      values: { maximum: MAX_PHOTOS },
      field: 'photos',
    });
  }
}

export class PhotoGoneError extends DomainError {
  constructor() {
    super({ code: 'photo_gone', status: 404, textKey: 'photos.errors.gone', field: 'photos' });
  }
}
