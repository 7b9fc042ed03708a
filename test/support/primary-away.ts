import { stack } from './shared-stack.ts';
import { waitUntil } from './wait-until.ts';

/** Runs `work` while the primary hangs: it accepts connections, and answers nothing. */
export async function withHungPrimary<T>(work: () => Promise<T>): Promise<T> {
  const { pid } = stack.process('primary');
  process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** Runs `work` while there is no primary: it was killed, and what starts in its place does not get far. */
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
