import type { Readable } from 'node:stream';
import { SaxesParser } from 'saxes';
import { UnreadableFileError } from './spreadsheet.ts';

const MAX_DEPTH = 50;
/** In bytes. The parser buffers a text or tag whole, and no real workbook has one this long. */
const MAX_WITHOUT_TAG = 1_000_000;
/** In characters: longer ones are not looked for. */
const MAX_TAG = 1000;
/** In bytes. A sheet of 200,000 rows is about 100 MB. */
const MAX_INFLATED = 400_000_000;
/** Deflate shrinks zeros 1,000-fold and repetitive rows 30-fold. */
const MAX_RATIO = 200;
/** Small files may expand to this size at any ratio. */
const MIN_BUDGET = 5_000_000;

/** Limits the bytes actually inflated; the sizes in a zip directory can lie. */
export class InflateBudget {
  readonly #limit: number;
  #used = 0;

  constructor(fileBytes: number) {
    this.#limit = Math.min(MAX_INFLATED, Math.max(MIN_BUDGET, fileBytes * MAX_RATIO));
  }

  /** @throws UnreadableFileError */
  take(bytes: number): void {
    this.#used += bytes;
    if (this.#used > this.#limit) throw new UnreadableFileError('tooLarge');
  }
}

export interface XmlHandlers {
  open?: (name: string, attributes: Record<string, string>) => void;
  close?: (name: string) => void;
  text?: (text: string) => void;
}

/** In constant memory, by chunks. Refuses document types, and so custom entities. @throws UnreadableFileError */
export async function* parseXml(
  stream: Readable,
  budget: InflateBudget,
  handlers: XmlHandlers,
): AsyncGenerator<void> {
  const parser = new SaxesParser();
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
    handlers.open?.(localName(name), attributes);
  });
  parser.on('closetag', ({ name }) => {
    sinceTag = 0;
    depth--;
    handlers.close?.(localName(name));
  });
  if (handlers.text) {
    parser.on('text', handlers.text);
    parser.on('cdata', handlers.text);
  }
  try {
    for await (const { text, bytes } of decodeXml(stream, budget)) {
      sinceTag += bytes;
      if (sinceTag > MAX_WITHOUT_TAG) throw new UnreadableFileError('cellTooLong');
      parser.write(text);
      yield;
    }
    parser.close();
  } catch (error) {
    throw toDamagedError(error);
  }
}

/** UTF-8 or UTF-16, the encodings that both kinds of workbooks allow. */
async function* decodeXml(stream: Readable, budget: InflateBudget) {
  let decoder: TextDecoder | undefined;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    budget.take(chunk.length);
    decoder ??= new TextDecoder(encodingOf(chunk), { fatal: true });
    yield { text: decoder.decode(chunk, { stream: true }), bytes: chunk.length };
  }
  yield { text: decoder?.decode() ?? '', bytes: 0 };
}

function encodingOf(start: Buffer): string {
  const mark = start.toString('latin1', 0, 2);
  if (mark === '\xff\xfe' || mark === '<\0') return 'utf-16le';
  return mark === '\xfe\xff' || mark === '\0<' ? 'utf-16be' : 'utf-8';
}

/** The text of the tags with this name, found without parsing the rest. @throws UnreadableFileError */
export async function* findTags(stream: Readable, budget: InflateBudget, name: string) {
  const tag = new RegExp(`<(?:[\\w.-]+:)?${name}\\s[^<>]*>`, 'g');
  let rest = '';
  try {
    for await (const { text } of decodeXml(stream, budget)) {
      rest += text;
      yield* Array.from(rest.matchAll(tag), ([found]) => found);
      rest = rest.slice(Math.max(rest.lastIndexOf('<'), rest.length - MAX_TAG));
      if (rest.includes('>')) rest = '';
    }
  } catch (error) {
    throw toDamagedError(error);
  }
}

function toDamagedError(error: unknown): unknown {
  const isFileError =
    error instanceof Error &&
    (/^(Z_|ERR_ENCODING)/.test(String((error as { code?: unknown }).code)) || error instanceof TypeError);
  return isFileError ? new UnreadableFileError('damaged') : error;
}

/** What the handlers have collected after each chunk. @throws UnreadableFileError */
export async function* collectXml<T>(parsing: AsyncGenerator<void>, take: () => T[]): AsyncGenerator<T[]> {
  try {
    for (let isOver = false; !isOver;) {
      isOver = (await parsing.next()).done === true;
      const collected = take();
      if (collected.length > 0) yield collected;
    }
  } finally {
    await parsing.return(undefined);
  }
}

export async function readXml(stream: Readable, budget: InflateBudget, handlers: XmlHandlers): Promise<void> {
  const parsing = parseXml(stream, budget, handlers);
  while (!(await parsing.next()).done);
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
