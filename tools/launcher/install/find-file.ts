import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The first file below `folder` whose name matches, as a path; undefined when there is none. */
export async function findFile(folder: string, name: RegExp): Promise<string | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const entry = entries.find((candidate) => !candidate.isDirectory() && name.test(candidate.name));
  return entry && join(entry.parentPath, entry.name);
}
