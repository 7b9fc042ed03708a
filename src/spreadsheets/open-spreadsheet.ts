import { openCsv } from './csv-reader.ts';
import { UnreadableFileError, type HeaderSearch, type Spreadsheet, type TextChoice } from './spreadsheet.ts';
import { readBytes, type FileSource } from './file-source.ts';
import { openOds } from './ods-reader.ts';
import { openXlsx } from './xlsx-reader.ts';
import { ZipArchive } from './zip-archive.ts';

/** Magic numbers; the file name is not trusted. */
const OTHER_KINDS = [
  '%PDF-',
  '\x89PNG',
  '\xff\xd8\xff',
  'GIF8',
  'Rar!',
  '7z\xbc\xaf',
  '\x1f\x8b',
  '{\\rtf',
  '<!DOCTYPE',
  '<html',
  '<?xml',
];
const ZIP = 'PK\x03\x04';
const EMPTY_ZIP = 'PK\x05\x06';
/** Excel's format before 2007, and still its container for encrypted workbooks. */
const OLE = '\xd0\xcf\x11\xe0';

/** @throws UnreadableFileError */
export async function openSpreadsheet(
  file: FileSource,
  search: HeaderSearch,
  text?: TextChoice,
): Promise<Spreadsheet> {
  const first = await readBytes(file, 0, Math.min(file.bytes, 64)).next();
  if (first.done) throw new UnreadableFileError('empty');
  const start = first.value.toString('latin1');
  const begins = (mark: string) => start.slice(0, mark.length).toLowerCase() === mark.toLowerCase();
  if (begins(ZIP)) return openWorkbook(file, search);
  if (begins(OLE)) throw new UnreadableFileError('oldExcel');
  if (begins(EMPTY_ZIP) || OTHER_KINDS.some(begins)) throw new UnreadableFileError('otherKind');
  return openCsv(file, search, text);
}

async function openWorkbook(file: FileSource, search: HeaderSearch): Promise<Spreadsheet> {
  const archive = await ZipArchive.open(file);
  if (archive.has('xl/workbook.bin')) throw new UnreadableFileError('binaryExcel');
  if (archive.has('[Content_Types].xml')) return openXlsx(archive, file.bytes, search);
  if (archive.has('content.xml')) return openOds(archive, file.bytes, search);
  throw new UnreadableFileError('otherKind');
}
