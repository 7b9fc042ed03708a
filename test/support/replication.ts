import type { RowDataPacket } from 'mysql2/promise';
import type { StackData } from './stack-data.ts';

export async function delayReplication(data: StackData, seconds: number): Promise<void> {
  const replica = await data.connect('replica1');
  try {
    await replica.query(
      `STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = ${seconds}; START REPLICA SQL_THREAD`,
    );
  } finally {
    await replica.end();
  }
}

/** Waits up to 80 s for the replica to catch up with the primary. */
export async function replicaHasAll(data: StackData): Promise<boolean> {
  const primary = await data.connect('primary');
  const replica = await data.connect('replica1');
  try {
    const [[executed]] = await primary.query<RowDataPacket[]>('SELECT @@gtid_executed AS gtids');
    const [[wait]] = await replica.query<RowDataPacket[]>(
      'SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 80) AS timedOut',
      [executed?.gtids],
    );
    return wait?.timedOut === 0;
  } finally {
    await primary.end();
    await replica.end();
  }
}
