import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import { listRecentAddresses } from '../audit/audit-queries.ts';
import { isLockConflict } from '../database/mysql-errors.ts';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Directory } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { networkOf } from './network.ts';

/** Failed attempts per window; see docs/decisions/login-limits.md. */
export const LIMITS = { pair: 10, address: 100, user: 100 };
type Kind = keyof typeof LIMITS;
export const WINDOW_MINUTES = 15;
/** How long to wait for pending comparisons, which may succeed and free their places. */
const PENDING_WAIT_MS = 10_000;

export interface LoginAttempt {
  username: string;
  /** Undefined for customers. */
  userId: number | undefined;
  address: string;
  /** Of a customer: their last log-in came from this network. */
  isKnownNetwork?: boolean;
}

export class TooManyAttemptsError extends DomainError {
  declare readonly retryAfterSeconds: number;
  /** Whether this is the first refusal of its window, which is audited. */
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

/** Thrown inside the transaction to roll the count back. */
class LimitReached extends Error {
  readonly counts: Count[];

  constructor(counts: Count[]) {
    super('A limit is reached');
    this.counts = counts;
  }
}

/** Counts each attempt before comparing, so that concurrent ones keep within the limit. @throws TooManyAttemptsError */
export async function withinLoginLimits(
  directory: DatabaseGroup<Directory>,
  attempt: LoginAttempt,
  compare: () => Promise<boolean>,
): Promise<boolean> {
  const subjects = subjectsOf(attempt);
  await countAttempt(directory, attempt, Object.values(subjects));
  let isRight = false;
  try {
    isRight = await compare();
  } finally {
    await directory.transact((trx) =>
      isRight ? uncount(trx, subjects) : keepCounted(trx, Object.values(subjects)),
    );
  }
  return isRight;
}

/** In index order, so that concurrent attempts lock rows in the same order and cannot deadlock. */
export function subjectsOf({ username, address }: LoginAttempt) {
  const network = networkOf(address);
  return { address: `address ${network}`, pair: `pair ${network} ${username}`, user: `user ${username}` };
}

async function countAttempt(
  directory: DatabaseGroup<Directory>,
  attempt: LoginAttempt,
  subjects: string[],
): Promise<void> {
  const giveUpAt = Date.now() + PENDING_WAIT_MS;
  for (;;) {
    try {
      await directory.transact((trx) => addToCounts(trx, attempt, subjects));
      return;
    } catch (error) {
      const isTimedOut = Date.now() > giveUpAt;
      if (error instanceof LimitReached) {
        const { counts } = error;
        const isPending = counts.some((one) => one.attempts - one.pending < limitOf(one.subject));
        if (isTimedOut || !isPending) throw await directory.transact((trx) => reportLimit(trx, counts));
      } else if (isTimedOut || !isLockConflict(error)) {
        throw error;
      }
      await sleep(100);
    }
  }
}

async function addToCounts(trx: Kysely<Directory>, attempt: LoginAttempt, subjects: string[]): Promise<void> {
  const now = sql`UTC_TIMESTAMP(3)`;
  const end = sql`${now} + INTERVAL ${sql.lit(WINDOW_MINUTES)} MINUTE`;
  // MySQL assigns left to right: window_ends_at comes last, because the others read its old value.
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
  const isStrict = over.some(({ subject }) => !exemptionsOf(attempt).includes(kindOf(subject)));
  if (over.length === 0 || (!isStrict && (await isKnownNetwork(trx, attempt)))) return;
  throw new LimitReached(over);
}

/** On a known network. Customers share the limit of addresses: a log-in there must not tell who has an account. */
function exemptionsOf({ userId }: LoginAttempt): Kind[] {
  return userId === undefined ? ['user'] : ['address', 'user'];
}

function kindOf(subject: string): Kind {
  return subject.split(' ')[0] as Kind;
}

function limitOf(subject: string): number {
  return LIMITS[kindOf(subject)];
}

async function isKnownNetwork(db: Kysely<Directory>, attempt: LoginAttempt): Promise<boolean> {
  const { userId, address } = attempt;
  if (userId === undefined) return attempt.isKnownNetwork ?? false;
  const addresses = await listRecentAddresses(db, userId);
  return addresses.some((known) => networkOf(known) === networkOf(address));
}

async function reportLimit(db: Kysely<Directory>, counts: Count[]): Promise<TooManyAttemptsError> {
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

async function keepCounted(db: Kysely<Directory>, subjects: string[]): Promise<void> {
  await db
    .updateTable('login_attempt')
    // A new window may have reset the count during the comparison.
    .set({ pending: sql`IF(pending > 0, pending - 1, 0)` })
    .where('subject', 'in', subjects)
    .execute();
}

/** Clears the user's failures from this network; the other counts lose this attempt only. */
async function uncount(db: Kysely<Directory>, { pair, ...others }: Record<string, string>): Promise<void> {
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

export function deleteEndedWindows(db: Kysely<Directory>) {
  return sql`DELETE FROM login_attempt WHERE window_ends_at < UTC_TIMESTAMP(3) LIMIT 10000`.execute(db);
}
