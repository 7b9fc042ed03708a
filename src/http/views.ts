import { fileURLToPath } from 'node:url';
import ejs from 'ejs';
import type { Express } from 'express';

const root = fileURLToPath(new URL('../../views', import.meta.url));

/** Views include others by their path from the root: ejs looks for relative ones on disk in every request. */
export function useViews(app: Express): void {
  app.set('view engine', 'ejs');
  app.set('views', root);
  app.enable('view cache');
  app.engine('ejs', (file, data, done) => {
    ejs.renderFile(file, data, { root, cache: true }, done);
  });
}

export async function renderView(view: string, data: object): Promise<string> {
  return ejs.renderFile(`${root}/${view}.ejs`, data, { root, cache: true });
}
