import type { Connection, RowDataPacket } from 'mysql2/promise';
import { generatePassword, hashPassword, verifyPassword } from './password.ts';

const ADMINISTRATOR = 'admin';
/** Only for the demonstration on one's own machine, where nobody else can reach the page. */
export const DEMO_PASSWORD = 'admin123';

/**
 * Sees to it that somebody can log in. In the demonstration that is admin / admin123; elsewhere the
 * administrator gets the password that was chosen for the first start, or a one-time password; also in
 * place of a demonstration password found there.
 *
 * @returns the one-time password when it made one: it is stored nowhere, so show it now
 */
export async function ensureAdministrator(
  migrator: Connection,
  { demo, chosen }: { demo: boolean; chosen: string | undefined },
): Promise<string | undefined> {
  const [[admin]] = await migrator.query<RowDataPacket[]>(
    'SELECT id, password_hash FROM user WHERE username = ?',
    [ADMINISTRATOR],
  );
  const isDemoPassword =
    admin !== undefined && (await verifyPassword(DEMO_PASSWORD, String(admin.password_hash)));
  if (admin && (demo || !isDemoPassword)) return undefined;

  const given = demo ? DEMO_PASSWORD : chosen;
  const password = given ?? generatePassword();
  await migrator.query(
    `INSERT INTO user (username, password_hash, must_change_password, role)
     VALUES (:username, :hash, :mustChange, 'administrator')
     ON DUPLICATE KEY UPDATE password_hash = :hash, must_change_password = :mustChange`,
    { username: ADMINISTRATOR, hash: await hashPassword(password), mustChange: !given },
  );
  if (admin) await migrator.query('DELETE FROM session WHERE user_id = ?', [admin.id]);
  return given ? undefined : password;
}
