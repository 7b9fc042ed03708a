import { once } from 'node:events';
import { isAway } from '../database/away.ts';
import { createDatabases } from '../database/databases.ts';
import { rateHeaders } from './import-fields.ts';
import type { CellsTask, FromReading, ToReading } from './reading-process.ts';
import { openSpreadsheet } from '../spreadsheets/open-spreadsheet.ts';
import { readImport } from './read-import.ts';
import { UnreadableFileError, type Cell } from '../spreadsheets/spreadsheet.ts';
import { StoredFile } from './stored-file.ts';

const BATCH = 300;
const PRIMARY_WAIT_MS = 5000;

// The parent has died.
process.once('disconnect', () => process.exit());
const [{ config, task }] = (await once(process, 'message')) as [ToReading];
const send = (message: FromReading) => process.send!(message);
const databases = createDatabases(config);

try {
  await databases.catalogue.monitor.ready();
  await databases.catalogue.monitor.waitFor(() => databases.catalogue.monitor.canSave(), PRIMARY_WAIT_MS);
  if (task.is === 'read') {
    const outcome = await readImport(databases, task, (progress) => send({ is: 'progress', progress }));
    send({ is: 'done', outcome });
  } else {
    await sendCells(task);
    send({ is: 'end' });
  }
} catch (error) {
  if (error instanceof UnreadableFileError) {
    send({ is: 'refused', reason: error.reason, values: error.values });
  } else if (isAway(error)) {
    send({ is: 'away' });
  } else {
    send({ is: 'failed', message: String((error as Error).stack) });
  }
}

async function sendCells({ file, fileBytes, header, text }: CellsTask): Promise<void> {
  let onCredit = () => {};
  let credits = 1;
  process.on('message', () => {
    credits++;
    onCredit();
  });
  let rows: (Cell | undefined)[][] = [];
  const sendBatch = async () => {
    if (credits === 0) await new Promise<void>((resolve) => (onCredit = resolve));
    credits--;
    // A string crosses process boundaries faster than objects.
    send({ is: 'rows', json: JSON.stringify(rows) });
    rows = [];
  };
  const stored = new StoredFile(databases, Buffer.from(file), fileBytes);
  const spreadsheet = await openSpreadsheet(stored, { rate: rateHeaders, chosen: header }, text);
  for await (const found of spreadsheet.rows()) {
    for (const { cells } of found) {
      rows.push(cells);
      if (rows.length >= BATCH) await sendBatch();
    }
  }
  if (rows.length > 0) await sendBatch();
}
