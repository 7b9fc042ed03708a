import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SettingsError } from './settings.ts';

export const DATABASE_SECRETS = ['ROOT_PASSWORD', 'MIGRATOR_PASSWORD', 'REPLICATOR_PASSWORD'] as const;
export const WEB_SECRETS = ['APP_PASSWORD', 'MONITOR_PASSWORD', 'SESSION_SECRET'] as const;

export type SecretName = (typeof DATABASE_SECRETS)[number] | (typeof WEB_SECRETS)[number];

/** Settings read it through `NAME_FILE`. */
export function secretFile(folder: string, name: SecretName): string {
  return join(folder, name.toLowerCase());
}

interface SecretOptions {
  chosen?: Partial<Record<SecretName, string | undefined>>;
  mode: number;
}

/**
 * Writes each missing secret to a file in `folder`: the chosen value or a generated one.
 *
 * @throws SettingsError when the chosen root password differs from the existing one
 */
export async function ensureSecrets(
  folder: string,
  names: readonly SecretName[],
  { chosen = {}, mode }: SecretOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of names) {
    const file = secretFile(folder, name);
    // An interrupted write leaves an empty file.
    const existing = (await readFile(file, 'utf8').catch(() => '')) || undefined;
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
}
