import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { stringify } from 'csv-stringify/sync';
import type { TFunction } from 'i18next';
import type { Dates } from '../locales/dates.ts';
import { typedNumber } from '../locales/typed-numbers.ts';
import { CSV_FORMAT } from '../spreadsheets/csv-format.ts';
import { documentText } from './movement-texts.ts';
import type { ListedMovement } from './movement-queries.ts';

const BATCH_ROWS = 100;

interface Reader {
  t: TFunction;
  dates: Dates;
}

export async function writeMovements(
  movements: AsyncIterable<ListedMovement>,
  out: Writable,
  { t, dates, nameActors }: Reader & { nameActors: (some: ListedMovement[]) => Promise<string[]> },
): Promise<void> {
  const number = (value: number) => typedNumber(value, t);
  const format = { ...CSV_FORMAT, cast: { ...CSV_FORMAT.cast, date: dates.formatForCsv, number } };
  const write = async (batch: ListedMovement[]) => {
    const names = await nameActors(batch);
    const rows = batch.map((movement, i) => [
      movement.createdAt,
      movement.code ?? '',
      movement.name ?? t('movement.goneProduct', { id: movement.productId }),
      t(`movement.reasons.${movement.reason}`),
      movement.delta,
      movement.quantityAfter,
      movement.unit ?? '',
      names[i],
      documentText(movement, t),
      movement.note ?? '',
    ]);
    return Buffer.from(stringify(rows, { ...format, bom: false }));
  };
  async function* text() {
    yield Buffer.from(stringify([titlesFor({ t, dates })], format));
    let batch: ListedMovement[] = [];
    for await (const movement of movements) {
      batch.push(movement);
      if (batch.length < BATCH_ROWS) continue;
      yield await write(batch);
      batch = [];
      await setImmediate();
    }
    if (batch.length > 0) yield await write(batch);
  }
  await pipeline(Readable.from(text()), out);
}

function titlesFor({ t, dates }: Reader): string[] {
  return [
    `${t('movement.when')} (${dates.zone})`,
    t('columns.code'),
    t('movement.product'),
    t('movement.reason'),
    t('movement.change'),
    t('movement.after'),
    t('columns.unit'),
    t('movement.who'),
    t('movement.document'),
    t('movement.note'),
  ];
}
