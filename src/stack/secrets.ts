import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Settings whose values are generated at the first start, each into a file of its own. */
export const SECRETS = [
  'ROOT_PASSWORD',
  'MIGRATOR_PASSWORD',
  'APP_PASSWORD',
  'REPLICATOR_PASSWORD',
  'MONITOR_PASSWORD',
  'SESSION_SECRET',
] as const;

export type SecretName = (typeof SECRETS)[number];

/** The file that holds a secret; settings read it through `NAME_FILE`. */
export function secretFile(varDir: string, name: SecretName): string {
  return join(varDir, 'secrets', name.toLowerCase());
}

/** Generates the secrets that are not there yet. */
export async function ensureSecrets(varDir: string): Promise<void> {
  await mkdir(join(varDir, 'secrets'), { recursive: true, mode: 0o700 });
  for (const name of SECRETS) {
    const file = secretFile(varDir, name);
    if (!existsSync(file)) await writeFile(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  }
}
