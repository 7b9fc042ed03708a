import { StackData } from './stack-data.ts';

/** The system that the global set-up has started, as test files see it. */
export const stack = new StackData(process.env.TEST_VAR_DIR!);
export const port = Number(process.env.TEST_PORT);
export const baseUrl = `http://127.0.0.1:${port}`;

/** Runs `work` while the replica applies everything `seconds` late. */
export async function withDelayedReplica<T>(seconds: number, work: () => Promise<T>): Promise<T> {
  const replica = await stack.connect('replica1');
  const delayBy = (delay: number) =>
    replica.query(
      `STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = ${delay}; START REPLICA SQL_THREAD`,
    );
  await delayBy(seconds);
  try {
    return await work();
  } finally {
    await delayBy(0);
    await replica.end();
  }
}
