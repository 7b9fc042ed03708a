export interface Hedge<T> {
  first: () => Promise<T>;
  second: () => Promise<T>;
  delayMs: number;
  /** Errors of `first` that start `second` at once; others are thrown. */
  shouldTrySecond: (error: unknown) => boolean;
}

/** Returns the first answer, so a server that hangs delays a read by no more than `delayMs`. */
export async function hedged<T>({ first, second, delayMs, shouldTrySecond }: Hedge<T>): Promise<T> {
  const fromFirst = first().then(
    (value) => ({ value }),
    (error: unknown) => {
      if (shouldTrySecond(error)) return undefined;
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
