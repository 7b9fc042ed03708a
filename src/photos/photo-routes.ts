import { Router } from 'express';
import { HttpError } from '../http/http-error.ts';
import { WIDTHS, type PhotoWidth } from './photo.ts';
import type { PhotoStore } from './photo-store.ts';

const FILE = new RegExp(`^([0-9a-f]{64})-(${Object.values(WIDTHS).join('|')})[.]webp$`);

export function photoRoutes(store: PhotoStore): Router {
  const router = Router();

  router.get('/photos/:file', async (req, res) => {
    const [file, hex, width] = FILE.exec(req.params.file) ?? [];
    if (file === undefined) throw new HttpError(404, 'errors.notFound');
    const etag = `"${file}"`;
    // For signed-in people only. The address names the content, which never changes.
    const caching = { 'Cache-Control': 'private, max-age=31536000, immutable', ETag: etag };
    if (req.get('if-none-match') === etag) return res.set(caching).status(304).end();
    const data = await store.find(req.principal!, Buffer.from(hex!, 'hex'), Number(width) as PhotoWidth);
    if (!data) throw new HttpError(404, 'errors.notFound');
    res.set(caching).type('webp').send(data);
  });

  return router;
}
