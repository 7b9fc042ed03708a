import { stack } from './shared-stack.ts';
import { waitUntil } from './wait-until.ts';

/** A hung primary accepts connections but never answers. */
export async function withHungPrimary<T>(work: () => Promise<T>): Promise<T> {
  const { pid } = stack.process('primary');
  process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** Kills the primary and suspends the process that the launcher starts in its place. */
export async function withDeadPrimary<T>(work: () => Promise<T>): Promise<T> {
  const { pid } = stack.process('primary');
  process.kill(pid, 'SIGKILL');
  await waitUntil(() => stack.process('primary').pid !== pid);
  const successor = stack.process('primary').pid;
  process.kill(successor, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.kill(successor, 'SIGCONT');
  }
}
