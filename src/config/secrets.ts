import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SettingsError } from './settings.ts';

/** What the set-up needs to prepare the servers, and what every web instance needs. */
export const DATABASE_SECRETS = ['ROOT_PASSWORD', 'MIGRATOR_PASSWORD', 'REPLICATOR_PASSWORD'] as const;
export const WEB_SECRETS = ['APP_PASSWORD', 'MONITOR_PASSWORD', 'SESSION_SECRET'] as const;

export type SecretName = (typeof DATABASE_SECRETS)[number] | (typeof WEB_SECRETS)[number];

/** The file that holds a secret; settings read it through `NAME_FILE`. */
export function secretFile(folder: string, name: SecretName): string {
  return join(folder, name.toLowerCase());
}

interface SecretOptions {
  /** Values chosen by whoever installs it, in place of generated ones. */
  chosen?: Partial<Record<SecretName, string | undefined>>;
  /** Who may read the files. */
  mode: number;
}

/**
 * Sees to it that each secret has a file in `folder`: the chosen value, or one generated once.
 *
 * @throws SettingsError when another root password is chosen than the servers were made with
 */
export async function ensureSecrets(
  folder: string,
  names: readonly SecretName[],
  { chosen = {}, mode }: SecretOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of names) {
    const file = secretFile(folder, name);
    // An empty file is one whose writing was cut off.
    const existing = (await readFile(file, 'utf8').catch(() => '')) || undefined;
    const value = chosen[name] ?? existing ?? randomBytes(24).toString('base64url');
    if (value === existing) continue;
    if (existing && name === 'ROOT_PASSWORD') {
      throw new SettingsError(
        'ROOT_PASSWORD is not the one that the servers were made with; it must be that one, or not be set',
      );
    }
    // The file itself may be read-only, and is whole at every moment.
    await rm(`${file}.new`, { force: true });
    await writeFile(`${file}.new`, value, { mode });
    await rename(`${file}.new`, file);
  }
}
