import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { Session } from '../support/session.ts';
import { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { hangPrimary, type Moment } from './hung-primary.ts';

/** For each moment, with and without semi-synchronous replication. */
const ROUNDS = Number(process.env.DURABILITY_HANGS ?? 1);
const SESSIONS = 8;
/** The command waits for a primary that does not come back for less than half of this. */
const COMMAND_LIMIT_MS = 60_000;

describe.each(['on', 'off'] as const)('with SEMI_SYNC=%s', (semiSync) => {
  let stack: Stack;
  const sessions: Session[] = [];

  beforeAll(async () => {
    stack = await Stack.start({ env: { SEMI_SYNC: semiSync } });
    while (sessions.length < SESSIONS) sessions.push(await Session.signIn(stack.url));
  });

  afterAll(() => stack.stopAndClean());

  test.each([
    ['while the promotion runs', 'running'],
    ['after the promotion', 'finished'],
    ['after the promotion was killed', 'killed'],
  ] as const)('a hung primary that returns %s loses and doubles nothing', async (_title, moment: Moment) => {
    for (let round = 1; round <= ROUNDS; round++) {
      const prefix = `HUNG-${semiSync}-${moment}-${round}-`;
      const { commandMs, wasTold, ...result } = await hangPrimary(stack, { prefix, sessions, moment });
      console.log(
        `SEMI_SYNC=${semiSync}, ${moment}, round ${round}: ${JSON.stringify({ ...result, commandMs, wasTold })}`,
      );
      expect(result).toMatchObject({ lost: 0, doubled: 0 });
      if (semiSync === 'on') expect(result.kept).toBe(0);
      if (moment !== 'killed') expect(commandMs).toBeLessThan(COMMAND_LIMIT_MS);
      if (moment === 'finished') expect(wasTold).toBe(true);
      await waitUntil(async () => (await writesWaitForReplica(stack)) === (semiSync === 'on'));
    }
  });
});

/** On the server that takes writes. */
async function writesWaitForReplica({ data }: Stack): Promise<boolean> {
  for (const name of ['primary', 'replica1']) {
    const connection = await data.connect(name);
    const [[state]] = await connection.query<RowDataPacket[]>(
      'SELECT @@super_read_only AS isReadOnly, @@rpl_semi_sync_source_enabled AS waits',
    );
    await connection.end();
    if (state?.isReadOnly === 0) return state.waits === 1;
  }
  throw new Error('No server takes writes');
}
