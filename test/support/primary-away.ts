import { stack } from './shared-stack.ts';
import { waitUntil } from './wait-until.ts';

/** Each instance learns by itself, half a second apart, that the primary is away or back. */
export async function waitUntilAll(state: 'can save' | 'can only read'): Promise<void> {
  await waitUntil(async () => {
    const pages = await Promise.all(
      stack.instanceUrls().map(async (url) => {
        const page = await fetch(`${url}/login`, { headers: { 'accept-language': 'es' } });
        return page.text();
      }),
    );
    const onlyRead = pages.filter((text) => text.includes('puede iniciar sesión para consultar')).length;
    return onlyRead === (state === 'can save' ? 0 : pages.length);
  });
}

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
