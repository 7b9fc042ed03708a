import { delayReplication } from './replication.ts';
import { StackData } from './stack-data.ts';

/** The system that global-setup.ts started. */
export const stack = new StackData(process.env.TEST_VAR_DIR!);
export const port = Number(process.env.TEST_PORT);
export const baseUrl = `http://127.0.0.1:${port}`;

export async function withDelayedReplica<T>(seconds: number, work: () => Promise<T>): Promise<T> {
  await delayReplication(stack, seconds);
  try {
    return await work();
  } finally {
    await delayReplication(stack, 0);
  }
}
