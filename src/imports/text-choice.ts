import type { TFunction } from 'i18next';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { DELIMITERS, openCsv } from '../spreadsheets/csv-reader.ts';
import { UnreadableFileError, type TextChoice } from '../spreadsheets/spreadsheet.ts';
import { ENCODINGS, type Encoding } from '../spreadsheets/text-encoding.ts';
import { rateHeaders } from './import-fields.ts';
import type { Findings } from './import-queries.ts';
import { findPart } from './stored-file.ts';

const ENCODING_NAMES: Record<Encoding, string> = {
  'utf-8': 'UTF-8',
  'windows-1252': 'Windows-1252',
  macintosh: 'Mac Roman',
  'utf-16': 'UTF-16',
};

const DELIMITER_TEXTS: Record<string, string> = {
  ';': 'imports.delimiters.semicolon',
  ',': 'imports.delimiters.comma',
  '\t': 'imports.delimiters.tab',
  '|': 'imports.delimiters.bar',
};

export function textOptions(findings: Findings | null, t: TFunction) {
  const text = findings?.text;
  if (!text) return undefined;
  const { encoding, delimiter, samples, isUnsure, rows } = text;
  return {
    encodings: ENCODINGS.map((value) => {
      const name = ENCODING_NAMES[value];
      return {
        value,
        text: samples[value] ? `${name}: ${samples[value]}` : name,
        isCurrent: value === encoding,
      };
    }),
    delimiters: Array.from(new Set([...DELIMITERS, delimiter]), (value) => ({
      value,
      text: DELIMITER_TEXTS[value] ? t(DELIMITER_TEXTS[value]) : value,
      isCurrent: value === delimiter,
    })),
    doubt: isUnsure ? { name: ENCODING_NAMES[encoding], sample: samples[encoding] ?? '' } : undefined,
    rows,
  };
}

export function readTextChoice(fields: Record<string, unknown>, before: TextChoice): TextChoice {
  return {
    encoding: z.enum(ENCODINGS).catch(before.encoding).parse(fields.encoding),
    delimiter: z
      .enum(DELIMITERS)
      .catch(before.delimiter as ';')
      .parse(fields.delimiter),
  };
}

export async function readSample(
  databases: Databases,
  id: Buffer,
  choice: TextChoice,
): Promise<{ headers: string[]; rows: string[][] }> {
  const part = await databases.catalogue.readPrimary((db) => findPart(db, id, 0));
  const start = { bytes: part?.length ?? 0, fetchPart: () => Promise.resolve(part!) };
  try {
    const { headers, text } = await openCsv(start, { rate: rateHeaders }, choice);
    return { headers, rows: text?.rows ?? [] };
  } catch (error) {
    if (error instanceof UnreadableFileError) return { headers: [], rows: [] };
    throw error;
  }
}
