import { deflateSync, crc32 } from 'node:zlib';
import sharp from 'sharp';
import type { Client } from './client.ts';

export interface PhotoFile {
  name: string;
  content: Buffer;
}

/** Sends the form of a product's page. */
export async function addPhotos(client: Client, productId: number, files: PhotoFile[], key?: string) {
  let request = client.agent
    .post(`/products/${productId}/photos`)
    .field('_csrf', client.token)
    .field('_key', key ?? crypto.randomUUID());
  for (const { name, content } of files) request = request.attach('photos', content, name);
  return request;
}

interface Look {
  width?: number;
  height?: number;
  background?: string;
  /** How far pixels differ: with 40, every one has details. */
  noise?: number;
}

export function picture({ width = 800, height = 600, background = '#3366cc', noise }: Look = {}) {
  return sharp({
    create: {
      width,
      height,
      channels: 3,
      background,
      ...(noise !== undefined && { noise: { type: 'gaussian' as const, mean: 128, sigma: noise } }),
    },
    limitInputPixels: false,
  });
}

/** Of one colour, so each is another photo. */
export async function jpeg(name: string, look: Look = {}): Promise<PhotoFile> {
  return { name, content: await picture(look).jpeg().toBuffer() };
}

/** Black, of one bit a pixel: 40,000 by 40,000 are 200 MB unpacked and 200 kB packed. */
export function hugePng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const pixels = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height), { level: 1 });
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, checksum]);
}
