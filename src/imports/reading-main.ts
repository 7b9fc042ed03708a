import { once } from 'node:events';
import { isAway } from '../database/away.ts';
import { createDatabases } from '../database/databases.ts';
import { hasCodes } from './import-fields.ts';
import type { FromReading, ToReading } from './reading-process.ts';
import { openSpreadsheet } from '../spreadsheets/open-spreadsheet.ts';
import { readImport } from './read-import.ts';
import { UnreadableFileError, type Cell } from '../spreadsheets/spreadsheet.ts';
import { StoredFile } from './stored-file.ts';

/** Rows in one message. */
const BATCH = 300;
/** For a primary that can be written to; what needs one complains later. */
const PATIENCE_MS = 5000;

// An instance that dies takes it along.
process.once('disconnect', () => process.exit());
const [{ config, task }] = (await once(process, 'message')) as [ToReading];
const send = (message: FromReading) => process.send!(message);
const databases = createDatabases(config);

try {
  await databases.catalogue.monitor.ready();
  await databases.catalogue.monitor.waitFor(() => databases.catalogue.monitor.canSave(), PATIENCE_MS);
  if (task.is === 'read') {
    const outcome = await readImport(databases, task, (progress) => send({ is: 'progress', progress }));
    send({ is: 'done', outcome });
  } else {
    await sendCells(new StoredFile(databases, Buffer.from(task.file), task.bytes));
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

/** All rows, some at a time, each time when they are asked for. */
async function sendCells(file: StoredFile): Promise<void> {
  let onAsked = () => {};
  let asked = 1;
  process.on('message', () => {
    asked++;
    onAsked();
  });
  let rows: (Cell | undefined)[][] = [];
  const pass = async () => {
    if (asked === 0) await new Promise<void>((resolve) => (onAsked = resolve));
    asked--;
    // Text is passed on faster than objects are.
    send({ is: 'rows', json: JSON.stringify(rows) });
    rows = [];
  };
  const spreadsheet = await openSpreadsheet(file, hasCodes);
  for await (const found of spreadsheet.rows()) {
    for (const { cells } of found) {
      rows.push(cells);
      if (rows.length >= BATCH) await pass();
    }
  }
  if (rows.length > 0) await pass();
}
