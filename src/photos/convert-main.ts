import { constants, setPriority } from 'node:os';
import { buffer } from 'node:stream/consumers';
import sharp, { type Sharp, type WebpOptions } from 'sharp';
import type { Conversion } from './convert-process.ts';
import { MAX_MEGAPIXELS, WIDTHS, type PhotoWidth, type Rendition } from './photo.ts';

const MAX_PIXELS = MAX_MEGAPIXELS * 1_000_000;
const QUALITY = 78;
/** The default takes three times as long and saves a few per cent. */
const EFFORT = 1;
/** A list shows fifty thumbnails: one with many details gets a lower quality in place of a larger file. */
const THUMBNAIL_BYTES = 4500;
const THUMBNAIL_QUALITIES = [60, 40, 20, 5];

interface Pixels {
  data: Buffer;
  raw: { width: number; height: number; channels: 1 | 2 | 3 | 4 };
}

// The parent has died.
process.once('disconnect', () => process.exit());
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
sharp.cache(false);
sharp.concurrency(1);
// Only these decoders, whatever a file turns out to be.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Heif'].map((format) => `VipsForeignLoad${format}Buffer`),
});

process.send!(await convert(await buffer(process.stdin)));

async function convert(file: Buffer): Promise<Conversion> {
  try {
    const { width, height } = await sharp(file, { limitInputPixels: false }).metadata();
    if (width * height > MAX_PIXELS) return { is: 'refused', reason: 'tooManyPixels' };
    const pixels = await decode(file);
    const renditions: Rendition[] = [];
    for (const size of Object.values(WIDTHS)) renditions.push(await encode(pixels, size));
    return { is: 'done', renditions };
  } catch {
    return { is: 'refused', reason: 'unreadable' };
  }
}

/** Upright, on white, in sRGB. Decoded once, at the size of the largest rendition. */
async function decode(file: Buffer): Promise<Pixels> {
  const { data, info } = await fitted(
    sharp(file, { failOn: 'error', limitInputPixels: MAX_PIXELS }).autoOrient(),
    WIDTHS.full,
  )
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { data, raw: { width, height, channels } };
}

async function encode({ data, raw }: Pixels, width: PhotoWidth): Promise<Rendition> {
  const write = (options: WebpOptions) => fitted(sharp(data, { raw }), width).webp(options).toBuffer();
  if (width !== WIDTHS.thumbnail) return { width, data: await write({ quality: QUALITY, effort: EFFORT }) };
  let thumbnail = Buffer.alloc(0);
  for (const quality of THUMBNAIL_QUALITIES) {
    thumbnail = await write({ quality });
    if (thumbnail.length <= THUMBNAIL_BYTES) break;
  }
  return { width, data: thumbnail };
}

function fitted(image: Sharp, size: PhotoWidth): Sharp {
  return image.resize({ width: size, height: size, fit: 'inside', withoutEnlargement: true });
}
