import { copyFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { DATABASE_SECRETS, ensureSecrets, WEB_SECRETS } from '../config/secrets.ts';
import { firstPassword } from '../auth/password-rules.ts';
import { onOff, readSettings, secret, SettingsError } from '../config/settings.ts';

/** Separate volumes, so that a web instance cannot read the database secrets. */
const DATABASE_FOLDER = '/secrets/database';
const WEB_FOLDER = '/secrets/web';
const MYSQL_SETTINGS_FOLDER = '/settings';

const optionalSecret = secret.optional();
const chosenSecrets = z.object({
  ...Object.fromEntries([...DATABASE_SECRETS, ...WEB_SECRETS].map((name) => [name, optionalSecret])),
  ADMIN_PASSWORD: firstPassword.optional(),
  GROUP: onOff.default(false),
});

try {
  const { ADMIN_PASSWORD = '', GROUP: isGroup, ...chosen } = readSettings(chosenSecrets);
  // Each container reads its volume as another user.
  const mode = 0o444;
  await ensureSecrets(DATABASE_FOLDER, DATABASE_SECRETS, { chosen, mode });
  await ensureSecrets(WEB_FOLDER, WEB_SECRETS, { chosen, mode });
  await writeFile(`${DATABASE_FOLDER}/admin_password`, ADMIN_PASSWORD);
  await copySettings('server.cnf', 'inventario.cnf');
  if (isGroup) await copySettings('group.cnf', 'inventario-group.cnf');
  else await rm(`${MYSQL_SETTINGS_FOLDER}/inventario-group.cnf`, { force: true });
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function copySettings(from: string, to: string): Promise<void> {
  await copyFile(new URL(`../../mysql/${from}`, import.meta.url), `${MYSQL_SETTINGS_FOLDER}/${to}`);
}
