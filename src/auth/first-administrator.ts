import type { Connection, RowDataPacket } from 'mysql2/promise';
import { generatePassword, hashPassword, verifyPassword } from './password.ts';

const ADMINISTRATOR = 'admin';
/** Used only by the demonstration, which listens on loopback. */
export const DEMO_PASSWORD = 'admin123';

/** Also replaces a demo password outside the demonstration. @returns a one-time password, stored nowhere: show it */
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
