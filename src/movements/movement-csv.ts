import type { Writable } from 'node:stream';
import type { TFunction } from 'i18next';
import type { Dates } from '../locales/dates.ts';
import { typedNumber } from '../locales/typed-numbers.ts';
import { inBatches } from '../spreadsheets/batches.ts';
import { writeCsvTable } from '../spreadsheets/csv-writer.ts';
import { documentText } from './movement-texts.ts';
import type { ListedMovement } from './movement-queries.ts';

interface Reader {
  t: TFunction;
  dates: Dates;
}

export async function writeMovements(
  movements: AsyncIterable<ListedMovement>,
  out: Writable,
  { t, dates, nameActors }: Reader & { nameActors: (some: ListedMovement[]) => Promise<string[]> },
): Promise<void> {
  const rowsOf = async (batch: ListedMovement[]) => {
    const names = await nameActors(batch);
    return batch.map((movement, i) => [
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
  };
  async function* rows() {
    for await (const batch of inBatches(movements, (movement) => movement)) yield await rowsOf(batch);
  }
  const number = (value: number) => typedNumber(value, t);
  const cast = { date: dates.formatForCsv, number };
  await writeCsvTable({ titles: titlesFor({ t, dates }), rows: rows(), cast }, out);
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
