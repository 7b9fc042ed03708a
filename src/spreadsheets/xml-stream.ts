import type { Readable } from 'node:stream';
import { SaxesParser } from 'saxes';
import { UnreadableFileError } from './spreadsheet.ts';

const MAX_DEPTH = 50;
/** So much text without a tag, or in one tag, is in no workbook; a parser would keep it all. */
const MAX_WITHOUT_TAG = 1_000_000;
/** What a file may become: a sheet of 200,000 rows is about 100 MB. */
const MAX_INFLATED = 400_000_000;
/** Deflate makes 1,000 times less of nothing but zeros; of rows that repeat, 30 times less. */
const MAX_RATIO = 200;
const SMALL = 5_000_000;

/** Counts what really comes out of a file, whatever its directory says. */
export class InflateBudget {
  readonly #limit: number;
  #used = 0;

  constructor(fileBytes: number) {
    this.#limit = Math.min(MAX_INFLATED, Math.max(SMALL, fileBytes * MAX_RATIO));
  }

  /** @throws UnreadableFileError */
  take(bytes: number): void {
    this.#used += bytes;
    if (this.#used > this.#limit) throw new UnreadableFileError('tooLarge');
  }
}

export interface XmlHandlers {
  /** Names come without a prefix. */
  open?: (name: string, attributes: Record<string, string>) => void;
  close?: (name: string) => void;
  text?: (text: string) => void;
}

/**
 * Parses a part of a workbook in constant memory, and gives control back after each piece of it. There are
 * no entities but XML's own five: a document type is refused.
 *
 * @throws UnreadableFileError
 */
export async function* parseXml(
  stream: Readable,
  budget: InflateBudget,
  handlers: XmlHandlers,
): AsyncGenerator<void> {
  const parser = new SaxesParser();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let depth = 0;
  let sinceTag = 0;
  const refuse = () => {
    throw new UnreadableFileError('damaged');
  };
  parser.on('error', refuse);
  parser.on('doctype', refuse);
  parser.on('opentag', ({ name, attributes }) => {
    sinceTag = 0;
    if (++depth > MAX_DEPTH) refuse();
    handlers.open?.(withoutPrefix(name), attributes);
  });
  parser.on('closetag', ({ name }) => {
    sinceTag = 0;
    depth--;
    handlers.close?.(withoutPrefix(name));
  });
  if (handlers.text) {
    parser.on('text', handlers.text);
    parser.on('cdata', handlers.text);
  }
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      budget.take(chunk.length);
      sinceTag += chunk.length;
      if (sinceTag > MAX_WITHOUT_TAG) throw new UnreadableFileError('cellTooLong');
      parser.write(decoder.decode(chunk, { stream: true }));
      yield;
    }
    parser.write(decoder.decode());
    parser.close();
  } catch (error) {
    throw asDamaged(error);
  }
}

/** Errors of zlib, of the decoder and of the parser all mean the same to a person. */
export function asDamaged(error: unknown): unknown {
  const isOfFile =
    error instanceof Error &&
    (/^(Z_|ERR_ENCODING)/.test(String((error as { code?: unknown }).code)) || error instanceof TypeError);
  return isOfFile ? new UnreadableFileError('damaged') : error;
}

/** Runs through a part to its end. */
export async function readXml(stream: Readable, budget: InflateBudget, handlers: XmlHandlers): Promise<void> {
  const parsing = parseXml(stream, budget, handlers);
  while (!(await parsing.next()).done);
}

function withoutPrefix(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
