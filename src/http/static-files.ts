import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { Router, type ErrorRequestHandler } from 'express';
import { iconStyles } from './icons.ts';

const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const FOLDERS = {
  app: inProject('public'),
  bootstrap: inProject('node_modules/bootstrap/dist'),
} as const;
const ICONS = inProject('node_modules/bootstrap-icons/icons');

/** VERSION is a digest of our files and the lock file, so browsers may cache the files for a year. */
export async function staticFiles(locals: Record<string, unknown>): Promise<Router> {
  const icons = await iconStyles([inProject('views'), inProject('public/js')], ICONS);
  const version = await digestOfFiles(icons);
  locals.asset = (path: string) => `/static/${version}/${path}`;
  const router = Router();
  for (const [name, folder] of Object.entries(FOLDERS)) {
    const files = express.static(folder, { immutable: true, maxAge: '1y', index: false, redirect: false });
    router.use(`/static/${version}/${name}`, files);
    // During an update, instances of another version link here: do not cache.
    router.use(`/static/:version/${name}`, express.static(folder, { cacheControl: false, index: false }));
  }
  router.get('/static/:version/icons.css', (req, res) => {
    if (req.params.version === version) res.set('Cache-Control', 'public, max-age=31536000, immutable');
    res.type('css').send(icons);
  });
  router.use(treatAsNotFound);
  return router;
}

/** Bad percent-encoding names no file; a later handler answers 404. */
const treatAsNotFound: ErrorRequestHandler = (error: unknown, _req, _res, next) => {
  const { status } = error as { status?: number };
  next(status !== undefined && status < 500 ? undefined : error);
};

async function digestOfFiles(icons: string): Promise<string> {
  const entries = await readdir(FOLDERS.app, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256').update(icons);
  for (const file of [...files.sort(), inProject('package-lock.json')]) hash.update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
}
