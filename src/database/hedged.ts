export interface Hedge<T> {
  first: () => Promise<T>;
  second: () => Promise<T>;
  /** When the first one has not answered by then, the second is asked too. */
  delayMs: number;
  /** Errors of the first one on which the second is asked at once; others are the answer. */
  isWorthAnother: (error: unknown) => boolean;
}

/** The answer that comes first, so that a server that hangs delays a reader by no more than `delayMs`. */
export async function hedged<T>({ first, second, delayMs, isWorthAnother }: Hedge<T>): Promise<T> {
  const fromFirst = first().then(
    (value) => ({ value }),
    (error: unknown) => {
      if (isWorthAnother(error)) return undefined;
      throw error;
    },
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, delayMs, 'late')));
  const early = await Promise.race([fromFirst, late]).finally(() => clearTimeout(timer));
  if (early !== 'late') return early ? early.value : second();
  const fromSecond = second();
  const fromEither = fromFirst.then((answer) => (answer ? answer.value : fromSecond));
  try {
    return await Promise.any([fromEither, fromSecond]);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[1] : error;
  }
}
