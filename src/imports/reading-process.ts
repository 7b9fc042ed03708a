import { fork } from 'node:child_process';
import { on } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatabaseConfig } from '../config/config.ts';
import { PrimaryAwayError } from '../database/away.ts';
import type { Reading, ReadOutcome } from './read-import.ts';
import {
  UnreadableFileError,
  type Cell,
  type HeaderChoice,
  type RefusalReason,
  type TextChoice,
} from '../spreadsheets/spreadsheet.ts';

/** Enough for any file within the limits. Exceeding it kills the child process, not the instance. */
const MEMORY_MB = 128;
const YOUNG_MEMORY_MB = 4;

export interface CellsTask {
  file: Uint8Array;
  fileBytes: number;
  header: HeaderChoice | undefined;
  text: TextChoice | undefined;
}

export interface ToReading {
  config: DatabaseConfig;
  task: ReadingTask;
}

export type ReadingTask = ({ is: 'read' } & Reading) | ({ is: 'cells' } & CellsTask);

export type FromReading =
  | { is: 'progress'; progress: number }
  | { is: 'done'; outcome: ReadOutcome }
  | { is: 'rows'; json: string }
  | { is: 'refused'; reason: RefusalReason; values: Record<string, string | number> }
  | { is: 'away' }
  | { is: 'failed'; message: string }
  | { is: 'end' };

/** A child process keeps the event loop free and returns its memory. @throws UnreadableFileError, PrimaryAwayError */
export async function readInProcess(
  config: DatabaseConfig,
  reading: Reading,
  { report, signal }: { report: (progress: number) => void; signal: AbortSignal },
): Promise<ReadOutcome> {
  for await (const message of run(config, { is: 'read', ...reading }, signal)) {
    if (message.is === 'progress') report(message.progress);
    if (message.is === 'done') return message.outcome;
  }
  throw new Error('The reading process sent no result');
}

export async function* readCells(
  config: DatabaseConfig,
  cells: CellsTask,
  signal: AbortSignal,
): AsyncGenerator<(Cell | null)[]> {
  for await (const message of run(config, { is: 'cells', ...cells }, signal)) {
    if (message.is === 'rows') yield* JSON.parse(message.json) as (Cell | null)[][];
  }
}

async function* run(
  { PRIMARY, REPLICAS, GROUP, APP_PASSWORD, MONITOR_PASSWORD }: DatabaseConfig,
  task: ReadingTask,
  signal: AbortSignal,
): AsyncGenerator<FromReading> {
  // TypeScript in development, JavaScript in the image.
  const script = fileURLToPath(new URL(`./reading-main${extname(import.meta.url)}`, import.meta.url));
  const child = fork(script, {
    execArgv: [`--max-old-space-size=${MEMORY_MB}`, `--max-semi-space-size=${YOUNG_MEMORY_MB}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // A message to a child that has just exited fails; the 'exit' event reports that.
  child.on('error', () => undefined);
  try {
    const messages = on(child, 'message', { signal, close: ['exit'] }) as AsyncIterable<[FromReading]>;
    // Sent as a message because other processes can read command lines.
    child.send({
      config: { PRIMARY, REPLICAS, GROUP, APP_PASSWORD, MONITOR_PASSWORD },
      task,
    } satisfies ToReading);
    for await (const [message] of messages) {
      if (message.is === 'end') return;
      if (message.is === 'away') throw new PrimaryAwayError('The reading process found no server');
      if (message.is === 'failed') throw new Error(message.message);
      if (message.is === 'refused') throw new UnreadableFileError(message.reason, message.values);
      yield message;
      if (message.is === 'rows') child.send('more');
    }
    // V8 aborts when it has no memory left.
    if (child.signalCode === 'SIGABRT' || child.exitCode === 134) throw new UnreadableFileError('tooLarge');
    throw new Error('The reading process ended early');
  } finally {
    child.kill('SIGKILL');
  }
}
