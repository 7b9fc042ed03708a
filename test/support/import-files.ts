import { PassThrough } from 'node:stream';
import { crc32, deflateRawSync } from 'node:zlib';
import ExcelJS from 'exceljs';
import type { Response } from 'superagent';
import { Client } from './client.ts';
import { waitUntil } from './wait-until.ts';

export interface ImportState {
  id: number;
  state: string;
  isBusy: boolean;
  progress: number;
  totals: { new: number; changed: number; unchanged: number; wrong: number } | null;
}

/** Sends token and key before the file, as the page does. */
export function upload(client: Client, content: Buffer | string, name = 'archivo.csv', key?: string) {
  return client.agent
    .post('/imports')
    .field('_csrf', client.token)
    .field('_key', key ?? crypto.randomUUID())
    .attach('file', Buffer.from(content), { filename: name, contentType: 'application/octet-stream' });
}

/** @throws for an error, which has no `isBusy` and would count as rest */
export async function stateOf(client: Client, id: number): Promise<ImportState> {
  const answer = await client.get(`/api/imports/${id}`);
  if (answer.status !== 200) throw new Error(`The state of import ${id} is answered with ${answer.status}`);
  return answer.body as ImportState;
}

export async function waitForRest(client: Client, id: number): Promise<ImportState> {
  let state: ImportState | undefined;
  await waitUntil(async () => {
    state = await stateOf(client, id);
    return !state.isBusy;
  });
  return state!;
}

/** Uploads a file and waits until it is read or refused. */
export async function preview(client: Client, content: Buffer | string, name?: string) {
  const response = await upload(client, content, name);
  const id = Number(/^\/imports\/(\d+)$/.exec(response.headers.location ?? '')?.[1]);
  if (!id) throw new Error(`Uploading failed with ${response.status}: ${response.text}`);
  return waitForRest(client, id);
}

export async function page(client: Client, id: number, query = ''): Promise<string> {
  const { text } = await client.get(`/imports/${id}${query}`);
  return text.replaceAll('&#34;', '"').replaceAll('&#39;', "'");
}

export async function problems(client: Client, id: number): Promise<string[]> {
  const text = await page(client, id, '?kind=wrong');
  return [...text.matchAll(/class="import-problems">(.*?)<\/ul>/gs)].flatMap(([, list]) =>
    [...list!.matchAll(/<li>(.*?)<\/li>/g)].map(([, problem]) => problem!),
  );
}

export async function refusal(client: Client, content: Buffer | string, name?: string): Promise<string> {
  const { id, state } = await preview(client, content, name);
  if (state !== 'refused') return `not refused, but ${state}`;
  return /no se puede importar\.<\/p>\s*<p class="mb-0">(.*?)<\/p>/.exec(await page(client, id))?.[1] ?? '';
}

/** Sends the form of the preview, with the columns as they are. */
export async function readAgain(client: Client, id: number, fields: Record<string, string>) {
  const shown = await page(client, id);
  const selects = shown.matchAll(/name="(column\d+)">(.*?)<\/select>/gs);
  const columns = Array.from(selects, ([, name, options]) => [
    name!,
    /value="(\w*)" selected/.exec(options!)?.[1] ?? '',
  ]);
  await client.post(`/imports/${id}/columns`, {
    ...(Object.fromEntries(columns) as Record<string, string>),
    ...fields,
  });
  return waitForRest(client, id);
}

/** Submits the form as the page shows it: without the wrong rows, if there are any. */
export async function startApplying(client: Client, id: number) {
  const shown = await page(client, id);
  const reading = /name="reading" value="(\d+)"/.exec(shown)?.[1];
  if (!reading) throw new Error(`Import ${id} cannot be applied`);
  const leaveOut = /name="leaveOut" value="(\w+)"/.exec(shown)?.[1];
  const fields = { reading, _key: crypto.randomUUID(), ...(leaveOut && { leaveOut }) };
  return client.post(`/imports/${id}/apply`, fields);
}

export async function apply(client: Client, id: number): Promise<ImportState> {
  await startApplying(client, id);
  return waitForRest(client, id);
}

const asBuffer = (response: Response, done: (error: Error | null, body: Buffer) => void) => {
  const chunks: Buffer[] = [];
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)));
};

export async function download(client: Client, path: string, language = 'es'): Promise<Buffer> {
  const response = await client.agent
    .get(path)
    .set('Accept-Language', language)
    .buffer(true)
    .parse(asBuffer as never);
  return response.body as Buffer;
}

type CellValue = ExcelJS.CellValue;

export async function workbook(sheets: Record<string, CellValue[][]>, shared = true): Promise<Buffer> {
  const out = new PassThrough();
  const chunks: Buffer[] = [];
  out.on('data', (chunk: Buffer) => chunks.push(chunk));
  const writer = new ExcelJS.stream.xlsx.WorkbookWriter({
    stream: out,
    useSharedStrings: shared,
    useStyles: true,
  });
  for (const [name, rows] of Object.entries(sheets)) {
    const sheet = writer.addWorksheet(name);
    for (const row of rows) sheet.addRow(row).commit();
    sheet.commit();
  }
  await writer.commit();
  return Buffer.concat(chunks);
}

const relations = (entries: string) =>
  `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${entries}</Relationships>`;
const TYPE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

/** A workbook from hand-written XML parts. */
export function rawWorkbook(sheetData: string | Buffer, others?: Record<string, string | Buffer>): Buffer {
  return zip(workbookParts(sheetData, others));
}

export function workbookParts(
  sheetData: string | Buffer,
  others: Record<string, string | Buffer> = {},
): Record<string, string | Buffer> {
  const sheet = Buffer.isBuffer(sheetData)
    ? sheetData
    : `<?xml version="1.0"?><worksheet><sheetData>${sheetData}</sheetData></worksheet>`;
  return {
    '[Content_Types].xml': '<?xml version="1.0"?><Types/>',
    '_rels/.rels': relations(
      `<Relationship Id="r1" Type="${TYPE}/officeDocument" Target="xl/workbook.xml"/>`,
    ),
    'xl/workbook.xml':
      '<?xml version="1.0"?><workbook xmlns:r="x"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels': relations(
      `<Relationship Id="r1" Type="${TYPE}/worksheet" Target="worksheets/sheet1.xml"/>` +
        `<Relationship Id="r2" Type="${TYPE}/sharedStrings" Target="sharedStrings.xml"/>`,
    ),
    'xl/worksheets/sheet1.xml': sheet,
    ...others,
  };
}

const ODS_NAMESPACES = ['office', 'style', 'table', 'text', 'calcext']
  .map((name) => `xmlns:${name}="urn:${name}"`)
  .join(' ');

/** An OpenDocument spreadsheet with these `table:table` tags. */
export function ods(tables: string, others: Record<string, string> = {}): Buffer {
  return zip({
    mimetype: 'application/vnd.oasis.opendocument.spreadsheet',
    'content.xml':
      `<?xml version="1.0"?><office:document-content ${ODS_NAMESPACES}><office:automatic-styles>` +
      '<style:style style:name="hidden" style:family="table"><style:table-properties table:display="false"/></style:style>' +
      `</office:automatic-styles><office:body><office:spreadsheet>${tables}</office:spreadsheet></office:body></office:document-content>`,
    ...others,
  });
}

/** `declareSize` can make the headers lie about uncompressed sizes. */
export function zip(files: Record<string, string | Buffer>, declareSize?: (size: number) => number): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = Buffer.from(content);
    const packed = deflateRawSync(data);
    const declared = declareSize ? declareSize(data.length) : data.length;
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(8, 4);
    head.writeUInt32LE(crc32(data), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(declared, 18);
    head.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), head, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), head, rest, Buffer.from(name)]));
    bodies.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, ...directory, Buffer.from('PK\x05\x06'), end]);
}
