import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export async function findFile(folder: string, name: RegExp): Promise<string | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const entry = entries.find((candidate) => !candidate.isDirectory() && name.test(candidate.name));
  return entry && join(entry.parentPath, entry.name);
}
