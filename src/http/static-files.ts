import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { Router, type ErrorRequestHandler } from 'express';

const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** What is served below /static/VERSION/, from where. */
const FOLDERS = {
  app: inProject('public'),
  bootstrap: inProject('node_modules/bootstrap/dist'),
  icons: inProject('node_modules/bootstrap-icons/font'),
} as const;

/**
 * Serves style sheets, scripts and fonts, ours and Bootstrap's, so that no other host is asked. Their
 * address carries a digest of our files and the lock file: it changes when they do, so a browser may
 * keep them for a year. Views use `asset('app/css/app.css')`.
 */
export async function staticFiles(locals: Record<string, unknown>): Promise<Router> {
  const version = await digestOfFiles();
  locals.asset = (path: string) => `/static/${version}/${path}`;
  const router = Router();
  for (const [name, folder] of Object.entries(FOLDERS)) {
    const files = express.static(folder, { immutable: true, maxAge: '1y', index: false, redirect: false });
    router.use(`/static/${version}/${name}`, files);
    // An instance of another version links here during an update; what it gets must not be kept.
    router.use(`/static/:version/${name}`, express.static(folder, { cacheControl: false, index: false }));
  }
  router.use(takeAsMissing);
  return router;
}

/** An address that cannot be decoded is the address of no file; what comes later says so. */
const takeAsMissing: ErrorRequestHandler = (error: unknown, _req, _res, next) => {
  const { status } = error as { status?: number };
  next(status !== undefined && status < 500 ? undefined : error);
};

async function digestOfFiles(): Promise<string> {
  const entries = await readdir(FOLDERS.app, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of [...files.sort(), inProject('package-lock.json')]) hash.update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
}
