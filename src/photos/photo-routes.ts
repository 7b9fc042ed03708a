import { Router } from 'express';
import { HttpError } from '../http/http-error.ts';
import { readPhotoFile } from './photo.ts';
import type { PhotoStore } from './photo-store.ts';

export function photoRoutes(store: PhotoStore): Router {
  const router = Router();

  router.get('/photos/:file', async (req, res) => {
    const photo = readPhotoFile(req.params.file);
    if (!photo) throw new HttpError(404, 'errors.notFound');
    const etag = `"${req.params.file}"`;
    // For signed-in people only. The address names the content, which never changes.
    const caching = { 'Cache-Control': 'private, max-age=31536000, immutable', ETag: etag };
    if (req.get('if-none-match') === etag) return res.set(caching).status(304).end();
    const data = await store.find(req.principal!, photo.id, photo.width);
    if (!data) throw new HttpError(404, 'errors.notFound');
    res.set(caching).type('webp').send(data);
  });

  return router;
}
