import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'express';
import { CancelledError, Work } from '../database/work.ts';

/** NGINX reads as fast as we write; a stalled reader has bypassed NGINX or is gone. */
const STALL_LIMIT_MS = 15_000;
const ANSWER_LIMIT_MS = 5 * 60_000;
/** A query that fails within this time gets an error page; after it, the headers go out. */
const FIRST_ROW_MS = 200;

/** `cut off`: the client stalled or the answer took too long; the request's log line says which. */
export type AnswerEnd = 'complete' | 'client left' | 'cut off';

/** Cancels the queries when the response closes. @throws what `write` throws while the response is open */
export async function streamAnswer(
  res: Response,
  write: (closed: AbortSignal) => Promise<void>,
): Promise<AnswerEnd> {
  const work = new Work();
  const closed = new AbortController();
  onceClosed(res, () => {
    work.cancel();
    closed.abort();
  });
  const cutOff = (reason: string) => {
    res.locals.cutOff = reason;
    res.destroy();
  };
  res.setTimeout(STALL_LIMIT_MS, () => {
    // Otherwise the response is waiting for the database, which may have to sort a million rows.
    if (res.writableNeedDrain) cutOff('client stalled');
  });
  const limit = setTimeout(cutOff, ANSWER_LIMIT_MS, 'took too long');
  try {
    await work.run(() => write(closed.signal));
    return 'complete';
  } catch (error) {
    if (!isFromClosing(error)) throw error;
    return res.locals.cutOff === undefined ? 'client left' : 'cut off';
  } finally {
    clearTimeout(limit);
  }
}

export function onceClosed(res: Response, listener: () => void): void {
  if (res.closed) listener();
  else res.once('close', listener);
}

/** Not by the response's state: a pipeline destroys it after any error. */
function isFromClosing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return error instanceof CancelledError || code === 'ABORT_ERR' || code.startsWith('ERR_STREAM_');
}

export async function waitForFirstRow<T>(items: AsyncGenerator<T>): Promise<AsyncIterable<T>> {
  const pending = items.next();
  await Promise.race([pending, sleep(FIRST_ROW_MS)]);
  return (async function* () {
    const first = await pending;
    if (first.done) return;
    yield first.value;
    yield* items;
  })();
}
