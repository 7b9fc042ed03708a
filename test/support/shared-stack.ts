import { delayReplication } from './replication.ts';
import { StackData } from './stack-data.ts';

const systems = JSON.parse(process.env.TEST_SYSTEMS ?? '[]') as { port: number; varDir: string }[];
// None outside Jest: the bench shares modules that name it.
const { port, varDir } = systems[Number(process.env.JEST_WORKER_ID) - 1] ?? { port: 0, varDir: '' };

/** The system that global-setup.ts started for this worker. */
export const stack = new StackData(varDir);
export { port };
export const baseUrl = `http://127.0.0.1:${port}`;

export async function withDelayedReplica<T>(seconds: number, work: () => Promise<T>): Promise<T> {
  await delayReplication(stack, seconds);
  try {
    return await work();
  } finally {
    await delayReplication(stack, 0);
  }
}
