import { setImmediate } from 'node:timers/promises';

/** A few milliseconds of work; the event loop runs between batches. */
const BATCH_ROWS = 100;

export async function* inBatches<Row, Made>(
  rows: AsyncIterable<Row>,
  make: (row: Row) => Made,
): AsyncGenerator<Made[]> {
  let batch: Made[] = [];
  for await (const row of rows) {
    batch.push(make(row));
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
    await setImmediate();
  }
  if (batch.length > 0) yield batch;
}
