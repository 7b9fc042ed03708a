import { sql, type Kysely, type Transaction } from 'kysely';
import { recordAuditEvent, type NewAuditEvent } from '../audit/audit-trail.ts';
import { isAway } from '../database/away.ts';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Directory } from '../database/tables.ts';
import { requestContext } from '../telemetry/request-context.ts';
import {
  LIMITS,
  subjectsOf,
  TooManyAttemptsError,
  WINDOW_MINUTES,
  type LoginAttempt,
} from './login-limits.ts';

/** Of each instance: three instances together stay within the limits that the database keeps. */
const OWN_LIMITS = { pair: 3, address: 30, user: 30 };
const WINDOW_MS = WINDOW_MINUTES * 60_000;
const MAX_SUBJECTS = 10_000;
const MAX_EVENTS = 1000;

interface Count {
  attempts: number;
  endsAt: number;
}

/** Limits log-ins while nothing can be saved. Wrong attempts and log-ins are recorded once writing works again. */
export class ReadingLimits {
  readonly #directory: DatabaseGroup<Directory>;
  readonly #counts = new Map<string, Count>();
  #unrecorded: ((trx: Transaction<Directory>) => Promise<void>)[] = [];
  #isRecording = false;

  constructor(directory: DatabaseGroup<Directory>) {
    this.#directory = directory;
  }

  /** `attempt` has the name as it is stored, because spellings are told apart here. @throws TooManyAttemptsError */
  async within(attempt: LoginAttempt, compare: () => Promise<boolean>): Promise<boolean> {
    const subjects = Object.values(subjectsOf(attempt));
    const earlier = await this.#directory.readPrimary((db) => listAttempts(db, subjects));
    this.#makeRoom();
    // From here to the comparison nothing is awaited, so that concurrent attempts keep within the limits.
    for (const subject of subjects) this.#check(subject, earlier.get(kindOf(subject)) ?? 0);
    for (const subject of subjects) this.#count(subject);
    const isRight = await compare();
    if (isRight) for (const subject of subjects) this.#uncount(subject);
    else this.#record((trx) => addAttempt(trx, subjects));
    return isRight;
  }

  audit(event: NewAuditEvent): void {
    const context = requestContext.getStore()!;
    const at = new Date();
    this.#record((trx) => requestContext.run(context, () => recordAuditEvent(trx, { ...event, at })));
  }

  #check(subject: string, earlier: number): void {
    const kind = kindOf(subject);
    const own = this.#counts.get(subject);
    const attempts = own?.attempts ?? 0;
    const isFull = !own && this.#counts.size >= MAX_SUBJECTS;
    if (!isFull && attempts < OWN_LIMITS[kind] && earlier + attempts < LIMITS[kind]) return;
    const seconds = own ? Math.ceil((own.endsAt - Date.now()) / 1000) : WINDOW_MINUTES * 60;
    throw new TooManyAttemptsError(Math.max(1, seconds), false);
  }

  #count(subject: string): void {
    const count = this.#counts.get(subject) ?? { attempts: 0, endsAt: Date.now() + WINDOW_MS };
    count.attempts++;
    this.#counts.set(subject, count);
  }

  #uncount(subject: string): void {
    const count = this.#counts.get(subject);
    if (!count) return;
    count.attempts = subject.startsWith('pair ') ? 0 : count.attempts - 1;
    if (count.attempts <= 0) this.#counts.delete(subject);
  }

  #makeRoom(): void {
    for (const [subject, { endsAt }] of this.#counts) if (endsAt < Date.now()) this.#counts.delete(subject);
  }

  #record(write: (trx: Transaction<Directory>) => Promise<void>): void {
    if (this.#unrecorded.length < MAX_EVENTS) this.#unrecorded.push(write);
    if (!this.#isRecording) void this.#recordAll();
  }

  async #recordAll(): Promise<void> {
    this.#isRecording = true;
    const { monitor } = this.#directory;
    while (this.#unrecorded.length > 0) {
      await monitor.waitFor(() => monitor.canSave(), Infinity);
      const writes = this.#unrecorded;
      this.#unrecorded = [];
      try {
        await this.#directory.transact(async (trx) => {
          for (const write of writes) await write(trx);
        });
      } catch (error) {
        // Nothing of it was committed, or the connection broke at the commit: then it may count twice.
        if (isAway(error)) this.#unrecorded.unshift(...writes);
      }
    }
    this.#isRecording = false;
  }
}

async function listAttempts(db: Kysely<Directory>, subjects: string[]): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('login_attempt')
    .select(['subject', 'attempts'])
    .where('subject', 'in', subjects)
    .where('window_ends_at', '>', sql<Date>`UTC_TIMESTAMP(3)`)
    .execute();
  return new Map(rows.map(({ subject, attempts }) => [kindOf(subject), attempts]));
}

function kindOf(subject: string): keyof typeof LIMITS {
  return subject.split(' ')[0] as keyof typeof LIMITS;
}

async function addAttempt(trx: Transaction<Directory>, subjects: string[]): Promise<void> {
  const now = sql`UTC_TIMESTAMP(3)`;
  const end = sql`${now} + INTERVAL ${sql.lit(WINDOW_MINUTES)} MINUTE`;
  await sql`
    INSERT INTO login_attempt (subject, attempts, pending, window_ends_at)
    VALUES ${sql.join(subjects.map((subject) => sql`(${subject}, 1, 0, ${end})`))}
    ON DUPLICATE KEY UPDATE
      attempts = IF(window_ends_at > ${now}, attempts + 1, 1),
      pending = IF(window_ends_at > ${now}, pending, 0),
      reported = window_ends_at > ${now} AND reported,
      window_ends_at = IF(window_ends_at > ${now}, window_ends_at, ${end})`.execute(trx);
}
