/** For an answer that has arrived while this process was stopped: timers run before sockets are read. */
const AFTER_PAUSE_MS = 250;

export class TimeLimitError extends Error {
  override name = 'TimeLimitError';
}

/** @throws TimeLimitError after `limitMs`; `running` itself is not stopped */
export async function withTimeLimit<T>(running: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    const startedAt = performance.now();
    const giveUp = () => reject(new TimeLimitError(`not done after ${limitMs} ms`));
    timer = setTimeout(() => {
      const isLate = performance.now() - startedAt > limitMs + AFTER_PAUSE_MS;
      if (isLate) timer = setTimeout(giveUp, AFTER_PAUSE_MS);
      else giveUp();
    }, limitMs);
  });
  try {
    return await Promise.race([running, limit]);
  } finally {
    clearTimeout(timer);
  }
}
