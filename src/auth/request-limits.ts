import { sql } from 'kysely';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Directory } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { WINDOW_MINUTES } from './login-limits.ts';
import { networkOf } from './network.ts';

/** For each network, in the window of wrong log-ins. */
const REQUESTS = 30;

export class TooManyRequestsError extends DomainError {
  constructor(retryAfterSeconds: number) {
    const values = { count: Math.ceil(retryAfterSeconds / 60) };
    super({
      code: 'too_many_requests',
      status: 429,
      textKey: 'shopAccount.limited',
      values,
      retryAfterSeconds,
    });
  }
}

/** Counts what anyone may ask for and costs an e-mail, whether or not it succeeds. @throws TooManyRequestsError */
export async function countRequest(
  directory: DatabaseGroup<Directory>,
  what: string,
  address: string,
): Promise<void> {
  const subject = `${what} ${networkOf(address)}`;
  const now = sql`UTC_TIMESTAMP(3)`;
  const end = sql`${now} + INTERVAL ${sql.lit(WINDOW_MINUTES)} MINUTE`;
  await directory.transact(async (trx) => {
    // MySQL assigns left to right: window_ends_at comes last, because the other reads its old value.
    await sql`
      INSERT INTO login_attempt (subject, attempts, pending, window_ends_at) VALUES (${subject}, 1, 0, ${end})
      ON DUPLICATE KEY UPDATE
        attempts = IF(window_ends_at > ${now}, attempts + 1, 1),
        window_ends_at = IF(window_ends_at > ${now}, window_ends_at, ${end})`.execute(trx);
    const count = await trx
      .selectFrom('login_attempt')
      .select(['attempts', sql<number>`TIMESTAMPDIFF(SECOND, ${now}, window_ends_at) + 1`.as('secondsLeft')])
      .where('subject', '=', subject)
      .executeTakeFirstOrThrow();
    if (count.attempts > REQUESTS) throw new TooManyRequestsError(count.secondsLeft);
  });
}
