export class TimeLimitError extends Error {
  override name = 'TimeLimitError';
}

/** @throws TimeLimitError after `limitMs`; `running` itself is not stopped */
export async function withTimeLimit<T>(running: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimeLimitError(`not done after ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([running, limit]);
  } finally {
    clearTimeout(timer);
  }
}
