import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { picture } from '../support/photo-files.ts';
import type { Person } from './person.ts';
import type { Row } from './report.ts';
import { pathOf, SEARCH_TERMS } from './search-terms.ts';
import { figuresOf } from './timing.ts';

const PHOTOS = 5;
const MEGABYTES = 10;
const UPLOAD_LIMIT_MS = 2000;
/** For searches by another user during the uploads. */
const OTHERS_P95_MS = 100;

/** Adds photos of almost 10 MB to products, one after the other, while another user searches. */
export async function measurePhotos(person: Person, other: Person): Promise<Row[]> {
  const photos: Buffer[] = [];
  for (let i = 0; i < PHOTOS; i++) photos.push(await largePhoto(i));
  const others: number[] = [];
  const done = new AbortController();
  const searching = (async () => {
    for (let i = 0; !done.signal.aborted; i++) {
      others.push((await other.get(pathOf(SEARCH_TERMS[i % SEARCH_TERMS.length]!))).ms);
      await sleep(20);
    }
  })();
  const uploads: number[] = [];
  try {
    for (const [i, content] of photos.entries()) {
      uploads.push(await person.addPhoto(i + 1, `photo-${i}.jpg`, content));
    }
  } finally {
    done.abort();
    await searching;
  }
  const times = figuresOf(uploads);
  const meanwhile = figuresOf(others);
  return [
    {
      what: `a photo of ${MEGABYTES} MB`,
      times,
      target: `p95 ≤ ${UPLOAD_LIMIT_MS / 1000} s`,
      isMet: times.p95 <= UPLOAD_LIMIT_MS,
    },
    {
      what: 'search during photos',
      times: meanwhile,
      target: `p95 ≤ ${OTHERS_P95_MS} ms`,
      isMet: meanwhile.p95 <= OTHERS_P95_MS,
    },
  ];
}

/** Each of other pixels: the quality makes it as large as is allowed. */
async function largePhoto(seed: number): Promise<Buffer> {
  const pixels = await picture({ width: 4000, height: 3000 + seed, noise: 40 })
    .raw()
    .toBuffer();
  for (let quality = 96; ; quality -= 2) {
    const photo = await sharp(pixels, { raw: { width: 4000, height: 3000 + seed, channels: 3 } })
      .jpeg({ quality })
      .toBuffer();
    if (photo.length <= MEGABYTES * 1024 * 1024) return photo;
  }
}
