import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import sharp from 'sharp';
import { Client } from '../support/client.ts';
import { createPerson } from '../support/people.ts';
import { addPhotos, hugePng, jpeg, picture, type PhotoFile } from '../support/photo-files.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let client: Client;
let viewer: Client;
let primary: Connection;
const made: number[] = [];

beforeAll(async () => {
  client = await Client.signedIn();
  viewer = (await createPerson(client, 'viewer')).client;
  primary = await stack.connect('primary');
});

afterAll(async () => {
  for (const id of made) {
    await primary.query('DELETE FROM product_photo WHERE product_id = ?', [id]);
    await primary.query('DELETE FROM deleted_product WHERE id = ?', [id]);
    await primary.query('DELETE FROM stock_movement WHERE product_id = ?', [id]);
    await primary.query('DELETE FROM product WHERE id = ?', [id]);
  }
  await primary.query('DELETE FROM photo WHERE sha256 NOT IN (SELECT photo FROM product_photo)');
  await primary.query('DELETE FROM photo_rendition WHERE photo NOT IN (SELECT sha256 FROM photo)');
  await primary.end();
});

async function product(fields: Record<string, string | number> = {}) {
  const registered = await client.register(fields);
  made.push(registered.id);
  return registered;
}

async function photosOf(id: number): Promise<string[]> {
  const [rows] = await primary.query<RowDataPacket[]>(
    'SELECT LOWER(HEX(photo)) AS photo FROM product_photo WHERE product_id = ? ORDER BY position',
    [id],
  );
  return rows.map(({ photo }) => photo as string);
}

async function fetchPhoto(who: Client, photo: string, width: number) {
  return who.get(`/photos/${photo}-${width}.webp`).buffer(true).responseType('blob');
}

test('keeps a photo in three widths, upright and without its metadata, and shows it', async () => {
  const { id, code } = await product({ name: 'Taza de porcelana' });
  const exif = { IFD0: { Make: 'Cámara secreta' } };
  const content = await picture({ width: 2000, height: 1000 })
    .withExif(exif)
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const added = await addPhotos(client, id, [{ name: 'taza.jpg', content }]);
  expect([added.status, added.headers.location]).toEqual([303, `/products/${id}`]);
  const [photo] = await photosOf(id);
  const page = (await client.get(`/products/${id}`)).text;
  expect(page).toContain('Fotos guardadas: «Taza de porcelana».');
  expect(page).toContain(`src="/photos/${photo}-640.webp"`);
  expect(page).toContain('alt="Taza de porcelana"');
  expect(await replicaHasAll(stack)).toBe(true);
  for (const [width, height] of [
    [80, 160],
    [320, 640],
    [800, 1600],
  ] as const) {
    const response = await fetchPhoto(viewer, photo!, height);
    const { status, headers } = response;
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'image/webp',
      'private, max-age=31536000, immutable',
    ]);
    const metadata = await sharp(response.body as Buffer).metadata();
    expect(metadata).toMatchObject({ format: 'webp', width, height });
    expect([metadata.exif, metadata.icc, metadata.xmp]).toEqual([undefined, undefined, undefined]);
  }
  const etag = (await fetchPhoto(client, photo!, 160)).headers.etag!;
  expect((await client.get(`/photos/${photo}-160.webp`).set('If-None-Match', etag)).status).toBe(304);
  expect((await client.findByCode(code)) as object).toMatchObject({ thumbnail: `/photos/${photo}-160.webp` });
  expect((await client.get('/audit?kind=product')).text).toContain('agregó una foto a «Taza de porcelana».');
});

test('PNG and WebP are accepted, too; several at once keep their order', async () => {
  const { id } = await product();
  const png = { name: 'a.png', content: await picture({ background: '#f00' }).png().toBuffer() };
  const webp = { name: 'b.webp', content: await picture({ background: '#0f0' }).webp().toBuffer() };
  expect((await addPhotos(client, id, [png, webp, await jpeg('c.jpg')])).status).toBe(303);
  const photos = await photosOf(id);
  const colours = await Promise.all(
    photos.map(async (photo) => {
      const { dominant } = await sharp((await fetchPhoto(client, photo, 160)).body as Buffer).stats();
      return (['r', 'g', 'b'] as const).find((channel) => dominant[channel] > 128);
    }),
  );
  expect(colours).toEqual(['r', 'g', 'b']);
});

test('refuses what is no photo, or too large, with its message beside the field, and keeps nothing', async () => {
  const { id } = await product();
  const good = await jpeg('buena.jpg');
  const cases: [PhotoFile, number, string][] = [
    [
      { name: 'bomba.jpg', content: Buffer.from('PK\x03\x04' + 'x'.repeat(500)) },
      422,
      '«bomba.jpg» no es una foto',
    ],
    [
      { name: 'dibujo.svg', content: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') },
      422,
      '«dibujo.svg» no es una foto',
    ],
    [{ name: 'factura.jpg', content: Buffer.from('%PDF-1.7\n1 0 obj') }, 422, '«factura.jpg» no es una foto'],
    [
      { name: 'enorme.png', content: hugePng(40_000, 40_000) },
      422,
      '«enorme.png» tiene más de 50 megapíxeles.',
    ],
    [
      { name: 'cortada.jpg', content: good.content.subarray(0, good.content.length / 2) },
      422,
      '«cortada.jpg» está dañada o no se puede leer.',
    ],
    [
      {
        name: 'iphone.heic',
        content: Buffer.concat([Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), Buffer.alloc(500)]),
      },
      422,
      '«iphone.heic» es una foto HEIC que este servidor no puede leer.',
    ],
    [
      { name: 'pesada.jpg', content: Buffer.concat([good.content, Buffer.alloc(10 * 1024 * 1024)]) },
      413,
      '«pesada.jpg» pesa más de 10 MB.',
    ],
  ];
  for (const [file, status, text] of cases) {
    // The one before it is not kept either.
    const { status: got, text: page } = await addPhotos(client, id, [good, file]);
    const message = /id="photos-error"[^>]*>([^<]*)</.exec(page)?.[1];
    expect([file.name, got, message]).toEqual([file.name, status, expect.stringContaining(text)]);
    expect(await photosOf(id)).toEqual([]);
  }
  const none = await addPhotos(client, id, []);
  expect(none.text).toContain('Elija al menos una foto.');
});

test('a product has eight photos: a ninth is refused', async () => {
  const { id } = await product();
  const colours = ['#f00', '#0f0', '#00f', '#ff0', '#0ff', '#f0f', '#000', '#888', '#fa0'];
  const files = await Promise.all(colours.map((background, i) => jpeg(`${i}.jpg`, { background })));
  const nine = await addPhotos(client, id, files);
  expect([nine.status, await photosOf(id)]).toEqual([422, []]);
  expect(nine.text).toContain('Un producto puede tener hasta 8 fotos. No se guardó ninguna.');
  expect((await addPhotos(client, id, files.slice(0, 8))).status).toBe(303);
  expect(await photosOf(id)).toHaveLength(8);
  expect((await client.get(`/products/${id}`)).text).toContain('Tiene 8 fotos: quite una para agregar otra.');
  const ninth = await addPhotos(client, id, files.slice(8));
  expect(ninth.status).toBe(422);
  expect(await photosOf(id)).toHaveLength(8);
});

test('an upload that is sent again adds its photo once', async () => {
  const { id } = await product();
  const file = await jpeg('una.jpg', { background: '#123456' });
  const key = crypto.randomUUID();
  const answers = await Promise.all([1, 2].map(() => addPhotos(client, id, [file], key)));
  expect(answers.map(({ status }) => status)).toEqual([303, 303]);
  expect(await photosOf(id)).toHaveLength(1);
  expect((await addPhotos(client, id, [file])).status).toBe(303);
  expect((await client.get(`/products/${id}`)).text).toContain('ya tenía esas fotos.');
  expect(await photosOf(id)).toHaveLength(1);
});

test('a photo is made the first one, and removed after a question', async () => {
  const { id, code } = await product({ name: 'Silla' });
  const files = await Promise.all(
    ['#100', '#010', '#001'].map((background) => jpeg('x.jpg', { background })),
  );
  await addPhotos(client, id, files);
  const [one, two, three] = (await photosOf(id)) as [string, string, string];
  expect((await client.post(`/products/${id}/photos/${three}/first`)).status).toBe(303);
  expect(await photosOf(id)).toEqual([three, one, two]);
  expect(((await client.findByCode(code)) as object as { thumbnail: string }).thumbnail).toContain(three);
  const question = await client.get(`/products/${id}/photos/${one}/remove`);
  expect(question.text).toContain('¿Quitar esta foto de «Silla»?');
  expect(await photosOf(id)).toHaveLength(3);
  expect((await client.post(`/products/${id}/photos/${one}/remove`)).status).toBe(303);
  expect(await photosOf(id)).toEqual([three, two]);
  expect((await client.get('/audit?kind=product')).text).toContain('quitó una foto de «Silla».');
  const again = await client.post(`/products/${id}/photos/${one}/remove`);
  expect([again.status, again.text]).toEqual([
    404,
    expect.stringContaining('Esa foto ya no está en el producto.'),
  ]);
});

test('viewers see photos and can change none; strangers see none', async () => {
  const { id } = await product();
  await addPhotos(client, id, [await jpeg('y.jpg', { background: '#654321' })]);
  const [photo] = await photosOf(id);
  // Only the person who saved waits for the replica.
  expect(await replicaHasAll(stack)).toBe(true);
  const page = (await viewer.get(`/products/${id}`)).text;
  expect(page).toContain(`/photos/${photo}-640.webp`);
  expect(page).not.toContain('id="photo-form"');
  expect((await addPhotos(viewer, id, [await jpeg('z.jpg')])).status).toBe(403);
  expect((await viewer.post(`/products/${id}/photos/${photo}/remove`)).status).toBe(403);
  expect((await new Client().get(`/photos/${photo}-640.webp`)).status).toBe(303);
  for (const file of [`${photo}-641.webp`, `${photo}.webp`, `${'0'.repeat(64)}-160.webp`, 'x'])
    expect((await client.get(`/photos/${file}`)).status).toBe(404);
});

test('a product in the trash keeps its photos, also when it is restored, until it leaves the trash', async () => {
  const { id } = await product();
  await addPhotos(client, id, [await jpeg('p.jpg', { background: '#abcdef' })]);
  const [photo] = (await photosOf(id)) as [string];
  await client.post(`/products/${id}/delete`);
  expect(await photosOf(id)).toEqual([photo]);
  expect((await client.post(`/trash/${id}/restore`)).status).toBe(303);
  expect(await photosOf(id)).toEqual([photo]);
  await client.post(`/products/${id}/delete`);
  await primary.query('DELETE FROM deleted_product WHERE id = ?', [id]);
  expect(await photosOf(id)).toEqual([]);
  expect((await fetchPhoto(client, photo, 160)).status).toBe(200);
});

test('photos that no product has for a day are deleted; those that another one has stay', async () => {
  const [one, other] = [await product(), await product()];
  const [shared, lone] = await Promise.all([
    jpeg('s.jpg', { background: '#a1b2c3' }),
    jpeg('l.jpg', { background: '#c3b2a1' }),
  ]);
  await addPhotos(client, one.id, [shared, lone]);
  await addPhotos(client, other.id, [shared]);
  const photos = await photosOf(one.id);
  for (const photo of photos) await client.post(`/products/${one.id}/photos/${photo}/remove`);
  const ids = photos.map((photo) => Buffer.from(photo, 'hex'));
  await primary.query('UPDATE photo SET unused_since = unused_since - INTERVAL 2 DAY WHERE sha256 IN (?)', [
    ids,
  ]);
  // One that is running may have looked at the photos already.
  await waitUntil(async () => {
    const [{ affectedRows }] = await primary.query<ResultSetHeader>(
      "UPDATE job_lease SET due_at = UTC_TIMESTAMP(3) WHERE name = 'clean-up' AND owner IS NULL",
    );
    return affectedRows === 1;
  });
  const left = async () => {
    const [rows] = await primary.query<RowDataPacket[]>(
      'SELECT LOWER(HEX(sha256)) AS photo, unused_since FROM photo WHERE sha256 IN (?)',
      [ids],
    );
    return rows;
  };
  await waitUntil(async () => (await left()).length === 1);
  expect(await left()).toEqual([{ photo: photos[0], unused_since: null }]);
  const [rows] = await primary.query<RowDataPacket[]>('SELECT 1 FROM photo_rendition WHERE photo = ?', [
    ids[1],
  ]);
  expect(rows).toEqual([]);
  expect((await fetchPhoto(client, photos[0]!, 160)).status).toBe(200);
}, 200_000);

test('thumbnails are small however many details a photo has, and rows without one hold no picture', async () => {
  const { id, code } = await product();
  expect((await client.get(`/products?search=${code}`)).text.split('<template')[0]).not.toContain(
    'row-photo',
  );
  await addPhotos(client, id, [await jpeg('d.jpg', { width: 400, height: 300, noise: 60 })]);
  const [photo] = await photosOf(id);
  expect(((await fetchPhoto(client, photo!, 160)).body as Buffer).length).toBeLessThan(5000);
  const page = (await client.get(`/products?search=${code}`)).text;
  expect(page).toContain(`src="/photos/${photo}-160.webp" alt="" width="40" height="40" loading="lazy"`);
});
