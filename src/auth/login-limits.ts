import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import { listRecentAddresses } from '../audit/audit-queries.ts';
import { isLockConflict } from '../database/mysql-errors.ts';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Directory } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { networkOf } from './network.ts';

/** Wrong log-ins within a quarter of an hour; docs/decisions/login-limits.md says why these. */
const LIMITS = { pair: 10, address: 100, user: 100 };
const WINDOW_MINUTES = 15;
/** Attempts that are being compared may all turn out right: so long is waited for them. */
const DOUBT_MS = 10_000;

export interface LoginAttempt {
  /** As it was typed. */
  username: string;
  /** Absent when nobody has that name. */
  userId: number | undefined;
  address: string;
}

export class TooManyAttemptsError extends DomainError {
  declare readonly retryAfterSeconds: number;
  /** Nobody has been told of this refusal yet: the first one of its window. */
  readonly isFirst: boolean;

  constructor(retryAfterSeconds: number, isFirst: boolean) {
    const values = { count: Math.ceil(retryAfterSeconds / 60) };
    super({ code: 'too_many_attempts', status: 429, textKey: 'login.limited', values, retryAfterSeconds });
    this.isFirst = isFirst;
  }
}

interface Count {
  subject: string;
  attempts: number;
  pending: number;
  secondsLeft: number;
}

/** Taken out of its transaction, which thereby counts nothing. */
class LimitReached extends Error {
  readonly counts: Count[];

  constructor(counts: Count[]) {
    super('A limit is reached');
    this.counts = counts;
  }
}

/**
 * Compares a password, unless there were too many wrong ones. Counts the attempt first and takes it back
 * when it was right, so that of a hundred at once no more than the limit are compared.
 *
 * @throws TooManyAttemptsError
 */
export async function withinLoginLimits(
  directory: DatabaseGroup<Directory>,
  attempt: LoginAttempt,
  compare: () => Promise<boolean>,
): Promise<boolean> {
  const subjects = subjectsOf(attempt);
  await begin(directory, attempt, Object.values(subjects));
  let isRight = false;
  try {
    isRight = await compare();
  } finally {
    await directory.transact((trx) =>
      isRight ? takeBack(trx, subjects) : settle(trx, Object.values(subjects)),
    );
  }
  return isRight;
}

/** In the order of the index, so that two attempts never wait for each other. */
function subjectsOf({ username, address }: LoginAttempt) {
  const network = networkOf(address);
  return { address: `address ${network}`, pair: `pair ${network} ${username}`, user: `user ${username}` };
}

async function begin(
  directory: DatabaseGroup<Directory>,
  attempt: LoginAttempt,
  subjects: string[],
): Promise<void> {
  const giveUpAt = Date.now() + DOUBT_MS;
  for (;;) {
    try {
      await directory.transact((trx) => count(trx, attempt, subjects));
      return;
    } catch (error) {
      const isLate = Date.now() > giveUpAt;
      if (error instanceof LimitReached) {
        const { counts } = error;
        const isInDoubt = counts.some((one) => one.attempts - one.pending < limitOf(one.subject));
        if (isLate || !isInDoubt) throw await directory.transact((trx) => refusal(trx, counts));
      } else if (isLate || !isLockConflict(error)) {
        throw error;
      }
      await sleep(100);
    }
  }
}

async function count(trx: Kysely<Directory>, attempt: LoginAttempt, subjects: string[]): Promise<void> {
  const now = sql`UTC_TIMESTAMP(3)`;
  const end = sql`${now} + INTERVAL ${sql.lit(WINDOW_MINUTES)} MINUTE`;
  // MySQL assigns from left to right: the end of the window comes last, because the others ask for it.
  await sql`
    INSERT INTO login_attempt (subject, attempts, pending, window_ends_at)
    VALUES ${sql.join(subjects.map((subject) => sql`(${subject}, 1, 1, ${end})`))}
    ON DUPLICATE KEY UPDATE
      attempts = IF(window_ends_at > ${now}, attempts + 1, 1),
      pending = IF(window_ends_at > ${now}, pending + 1, 1),
      reported = window_ends_at > ${now} AND reported,
      window_ends_at = IF(window_ends_at > ${now}, window_ends_at, ${end})`.execute(trx);
  const counts = await trx
    .selectFrom('login_attempt')
    .select([
      'subject',
      'attempts',
      'pending',
      sql<number>`TIMESTAMPDIFF(SECOND, ${now}, window_ends_at) + 1`.as('secondsLeft'),
    ])
    .where('subject', 'in', subjects)
    .execute();
  const over = counts.filter(({ subject, attempts }) => attempts > limitOf(subject));
  const isPairOver = over.some(({ subject }) => subject.startsWith('pair '));
  if (over.length === 0 || (!isPairOver && (await isAtHome(trx, attempt)))) return;
  throw new LimitReached(over);
}

function limitOf(subject: string): number {
  return LIMITS[subject.split(' ')[0] as keyof typeof LIMITS];
}

/** The user has logged in from this network lately, so what others do elsewhere, or here, is no reason. */
async function isAtHome(db: Kysely<Directory>, { userId, address }: LoginAttempt): Promise<boolean> {
  if (userId === undefined) return false;
  const addresses = await listRecentAddresses(db, userId);
  return addresses.some((known) => networkOf(known) === networkOf(address));
}

async function refusal(db: Kysely<Directory>, counts: Count[]): Promise<TooManyAttemptsError> {
  const reported = await db
    .updateTable('login_attempt')
    .set({ reported: true })
    .where(
      'subject',
      'in',
      counts.map(({ subject }) => subject),
    )
    .where('reported', '=', 0)
    .executeTakeFirstOrThrow();
  const retryAfter = Math.max(1, ...counts.map(({ secondsLeft }) => secondsLeft));
  return new TooManyAttemptsError(retryAfter, reported.numUpdatedRows > 0n);
}

/** The attempt was wrong, and stays counted. */
async function settle(db: Kysely<Directory>, subjects: string[]): Promise<void> {
  await db
    .updateTable('login_attempt')
    // A window that ended meanwhile has begun to count anew.
    .set({ pending: sql`IF(pending > 0, pending - 1, 0)` })
    .where('subject', 'in', subjects)
    .execute();
}

/** The attempt was right: the person's wrong ones from here are forgotten, those of others are not. */
async function takeBack(db: Kysely<Directory>, { pair, ...others }: Record<string, string>): Promise<void> {
  await db
    .updateTable('login_attempt')
    .set({
      attempts: sql`IF(attempts > 0, attempts - 1, 0)`,
      pending: sql`IF(pending > 0, pending - 1, 0)`,
    })
    .where('subject', 'in', Object.values(others))
    .execute();
  await db.deleteFrom('login_attempt').where('subject', '=', pair!).execute();
}

/** A clean-up: deletes some counts whose window is over. */
export function deleteEndedWindows(db: Kysely<Directory>) {
  return sql`DELETE FROM login_attempt WHERE window_ends_at < UTC_TIMESTAMP(3) LIMIT 10000`.execute(db);
}
