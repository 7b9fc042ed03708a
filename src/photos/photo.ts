export const MAX_PHOTOS = 8;
export const MAX_PHOTO_BYTES = 10 * 1024 * 1024;
/** As of the largest phones. The worst kind of file takes about 300 MB to decode. */
export const MAX_MEGAPIXELS = 50;

/** Pixels of the longer side. A screen of three device pixels shows the smallest 53 wide. */
export const WIDTHS = { thumbnail: 160, page: 640, full: 1600 } as const;
export type PhotoWidth = (typeof WIDTHS)[keyof typeof WIDTHS];

export interface Rendition {
  width: PhotoWidth;
  /** WebP. */
  data: Buffer;
}

export interface ConvertedPhoto {
  /** SHA-256 of the largest rendition. */
  id: Buffer;
  renditions: Rendition[];
}

export function photoFile(id: Buffer, width: PhotoWidth): string {
  return `${id.toString('hex')}-${width}.webp`;
}

/** For people who are logged in; the shop has addresses of its own. */
export function photoAddress(id: Buffer, width: PhotoWidth): string {
  return `/photos/${photoFile(id, width)}`;
}

const FILE = new RegExp(`^([0-9a-f]{64})-(${Object.values(WIDTHS).join('|')})[.]webp$`);

export function readPhotoFile(file: string): { id: Buffer; width: PhotoWidth } | undefined {
  const [, hex, width] = FILE.exec(file) ?? [];
  return hex === undefined ? undefined : { id: Buffer.from(hex, 'hex'), width: Number(width) as PhotoWidth };
}
