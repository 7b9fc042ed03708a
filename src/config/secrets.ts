import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SettingsError } from './settings.ts';

export const DATABASE_SECRETS = ['ROOT_PASSWORD', 'MIGRATOR_PASSWORD', 'REPLICATOR_PASSWORD'] as const;
export const WEB_SECRETS = ['APP_PASSWORD', 'MONITOR_PASSWORD', 'SESSION_SECRET'] as const;

export type SecretName = (typeof DATABASE_SECRETS)[number] | (typeof WEB_SECRETS)[number];

export function secretFile(folder: string, name: SecretName): string {
  return join(folder, name.toLowerCase());
}

interface SecretOptions {
  chosen?: Partial<Record<SecretName, string | undefined>>;
  mode: number;
}

/** Writes chosen values, and generated ones where none exist. @returns those that were missing @throws SettingsError */
export async function ensureSecrets(
  folder: string,
  names: readonly SecretName[],
  { chosen = {}, mode }: SecretOptions,
): Promise<SecretName[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const missing: SecretName[] = [];
  for (const name of names) {
    const file = secretFile(folder, name);
    const existing = await readSecret(file);
    if (existing === undefined) missing.push(name);
    const value = chosen[name] ?? existing ?? randomBytes(24).toString('base64url');
    if (value === existing) continue;
    if (existing && name === 'ROOT_PASSWORD') {
      throw new SettingsError(
        'ROOT_PASSWORD is not the one that the servers were made with; it must be that one, or not be set',
      );
    }
    // The file may be read-only, and the rename is atomic.
    await rm(`${file}.new`, { force: true });
    await writeFile(`${file}.new`, value, { mode });
    await rename(`${file}.new`, file);
  }
  return missing;
}

async function readSecret(file: string): Promise<string | undefined> {
  try {
    // An interrupted write leaves an empty file.
    return (await readFile(file, 'utf8')) || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SettingsError(`${file} cannot be read: ${(error as Error).message}`);
  }
}
