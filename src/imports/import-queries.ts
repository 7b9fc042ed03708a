import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import type { Catalogue, ImportRowKind, ImportState, UndoState } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { Product } from '../products/product.ts';
import { PRICED } from '../stock/price-history.ts';
import { isOfBook, type ProductField } from '../products/product-fields.ts';
import { FIELDS, rowColumnOf, type Field } from './import-fields.ts';
import type { CheckedFields, Problem } from './row-check.ts';
import type {
  FirstRow,
  HeaderChoice,
  HeaderPlace,
  RefusalReason,
  TextChoice,
  TextReading,
} from '../spreadsheets/spreadsheet.ts';

const KEPT_DAYS = 7;
export const ROWS_PER_PAGE = 50;
const LISTED = 50;

export class StaleImportError extends DomainError {
  constructor() {
    super({ code: 'import_moved_on', status: 409, textKey: 'imports.errors.movedOn' });
  }
}

export interface ReadingChoices {
  header: HeaderChoice | undefined;
  /** Empty: the columns are recognised by their headings. */
  columns: (Field | null)[];
  erases: boolean;
  /** Absent for a workbook, and for a text file whose encoding and delimiter are to be detected. */
  text?: TextChoice | undefined;
}

/** Optional properties are absent in what version 0.1.0 found: it took the first row and erased. */
export interface Findings {
  text?: TextReading;
  headers: string[];
  header?: HeaderChoice;
  firstRows?: FirstRow[];
  columns: (Field | null)[];
  erases?: boolean;
  erasures?: number;
  /** Names with line breaks, which become spaces; `places` are some of them. */
  brokenNames?: { count: number; places: HeaderPlace[] };
  sheets: string[];
  ignoredSheets: string[];
  hiddenSheets?: string[];
  hiddenColumns?: string[];
  hiddenRows?: number;
  newCategories: string[];
  newCategoryCount: number;
}

export type Totals = Record<ImportRowKind, number>;

export interface Notice {
  reason: RefusalReason | 'changedMeanwhile' | 'notApplied' | 'notUndone' | 'undoRefused' | 'shortOrders';
  values?: Record<string, string | number>;
  touched?: TouchedRows;
}

export interface TouchedRows {
  count: number;
  rows: TouchedRow[];
}

export interface TouchedRow {
  sheet: number;
  line: number;
  code: string;
  name: string;
  productId: number | null;
  what: 'changed' | 'moved' | 'held' | 'barcode' | 'deleted' | 'gone';
}

export interface ImportJson {
  id: number;
  state: ImportState;
  isBusy: boolean;
  /** Of the current step, from 0 to 1. */
  progress: number;
  totals: Totals | null;
}

export interface ImportDetails extends ImportJson {
  file: Buffer;
  fileName: string;
  fileBytes: number;
  userId: number;
  createdAt: Date;
  appliedAt: Date | null;
  notice: Notice | null;
  findings: Findings | null;
  reading: number | null;
  isKept: boolean;
  expiresAt: Date | null;
  undoState: UndoState | null;
  undoneBy: number | null;
  undoneAt: Date | null;
}

export interface NewImport {
  userId: number;
  file: Buffer;
  fileName: string;
  fileBytes: number;
}

export async function createImport(trx: Transaction<Catalogue>, upload: NewImport): Promise<number> {
  const { insertId } = await trx
    .insertInto('product_import')
    .values({
      user_id: upload.userId,
      file: upload.file,
      file_name: upload.fileName,
      file_bytes: upload.fileBytes,
      lease_until: sql`UTC_TIMESTAMP(3)`,
      expires_at: inDays(sql.lit(KEPT_DAYS)),
    })
    .executeTakeFirstOrThrow();
  return Number(insertId);
}

function inDays(days: RawBuilder<unknown>) {
  return sql<Date>`UTC_TIMESTAMP(3) + INTERVAL ${days} DAY`;
}

function selectImports(db: Kysely<Catalogue>) {
  return db
    .selectFrom('product_import')
    .select([
      'product_import.id',
      'state',
      'progress',
      'totals',
      'lease_until',
      'file',
      'file_name as fileName',
      'file_bytes as fileBytes',
      'user_id as userId',
      'product_import.created_at as createdAt',
      'applied_at as appliedAt',
      'notice',
      'findings',
      'reading',
      'expires_at',
      'undo_state as undoState',
      'undone_by as undoneBy',
      'undone_at as undoneAt',
    ]);
}

type ImportRecord = Awaited<ReturnType<ReturnType<typeof selectImports>['executeTakeFirstOrThrow']>>;

function toDetails({ lease_until, expires_at, ...record }: ImportRecord): ImportDetails {
  return {
    ...record,
    isBusy: lease_until !== null,
    isKept: expires_at !== null,
    expiresAt: expires_at,
    progress: record.progress / 1000,
    totals: record.totals as Totals | null,
    notice: record.notice as Notice | null,
    findings: record.findings as Findings | null,
  };
}

export async function findImport(db: Kysely<Catalogue>, id: number): Promise<ImportDetails | undefined> {
  const record = await selectImports(db).where('product_import.id', '=', id).executeTakeFirst();
  return record && toDetails(record);
}

export async function listImports(db: Kysely<Catalogue>): Promise<ImportDetails[]> {
  const records = await selectImports(db).orderBy('product_import.id', 'desc').limit(LISTED).execute();
  return records.map(toDetails);
}

export async function countBusyImports(db: Kysely<Catalogue>, userId: number): Promise<number> {
  const { count } = await db
    .selectFrom('product_import')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .where('lease_until', 'is not', null)
    .executeTakeFirstOrThrow();
  return count;
}

export function setsPrices({ columns }: Findings): boolean {
  return PRICED.some((what) => columns.includes(what));
}

export function setsBooks({ columns }: Findings): boolean {
  return columns.some((column) => column !== null && isOfBook(column));
}

export function choicesOf(findings: Findings | null): ReadingChoices {
  if (!findings) return { header: undefined, columns: [], erases: false };
  const { header = 'first', columns, erases = true, text } = findings;
  return {
    header,
    columns,
    erases,
    ...(text && { text: { encoding: text.encoding, delimiter: text.delimiter } }),
  };
}

/** Queues the file to be read again. @throws StaleImportError */
export async function readAgain(
  trx: Transaction<Catalogue>,
  id: number,
  { columns, header, erases, text }: ReadingChoices & { header: HeaderChoice },
): Promise<void> {
  const json = (value: unknown) => sql`CAST(${JSON.stringify(value)} AS JSON)`;
  const { numUpdatedRows } = await trx
    .updateTable('product_import')
    .set({
      state: 'reading',
      // The text of a workbook is absent, and its parts are then not set.
      findings: sql`JSON_SET(findings,
        '$.columns', ${json(columns)}, '$.header', ${json(header)}, '$.erases', ${json(erases)},
        '$.text.encoding', ${text?.encoding ?? null}, '$.text.delimiter', ${text?.delimiter ?? null})`,
      notice: null,
      progress: 0,
      tries: 0,
      lease_until: sql`UTC_TIMESTAMP(3)`,
      expires_at: inDays(sql.lit(KEPT_DAYS)),
    })
    .where('id', '=', id)
    .where('state', 'in', ['preview', 'unassigned', 'refused'])
    .where('findings', 'is not', null)
    .where('lease_until', 'is', null)
    .where('expires_at', 'is not', null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new StaleImportError();
}

/** @throws StaleImportError */
export async function startApplying(
  trx: Transaction<Catalogue>,
  id: number,
  { reading, leavesOut, userId, address, requestId }: ApplyRequest,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('product_import')
    .set({
      state: 'applying',
      applied_by: userId,
      ...askedNow({ address, requestId }),
    })
    .where('id', '=', id)
    .where('state', '=', 'preview')
    .where('reading', '=', reading)
    .where(sql<boolean>`COALESCE(findings->>'$.text.isUnsure', 'false') = 'false'`)
    // Version 0.1.0 staged wrong rows so that an instance of it would apply an incomplete file.
    .where(
      leavesOut ? sql<boolean>`findings->'$.header' IS NOT NULL` : sql<boolean>`totals->>'$.wrong' = '0'`,
    )
    .where('lease_until', 'is', null)
    .where('expires_at', 'is not', null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new StaleImportError();
}

function askedNow({ address, requestId }: Pick<RequestOf, 'address' | 'requestId'>) {
  return {
    notice: null,
    progress: 0,
    tries: 0,
    address,
    request_id: requestId,
    lease_until: sql<Date>`UTC_TIMESTAMP(3)`,
    expires_at: inDays(sql.lit(KEPT_DAYS)),
  };
}

/** @throws StaleImportError */
export async function startUndoing(
  trx: Transaction<Catalogue>,
  id: number,
  { userId, address, requestId }: RequestOf,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('product_import')
    .set({
      undo_state: 'asked',
      undone_by: userId,
      ...askedNow({ address, requestId }),
    })
    .where('id', '=', id)
    .where('state', '=', 'applied')
    // An instance of the previous version may have ended the lease of an import that it cannot undo.
    .where('undo_state', 'in', ['possible', 'asked'])
    .where('lease_until', 'is', null)
    .where('expires_at', 'is not', null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new StaleImportError();
}

export function canUndo({ state, isBusy, isKept, undoState }: ImportDetails): boolean {
  return state === 'applied' && (undoState === 'possible' || undoState === 'asked') && !isBusy && isKept;
}

interface RequestOf {
  userId: number;
  address: string;
  requestId: string;
}

export interface ApplyRequest extends RequestOf {
  reading: number;
  leavesOut: boolean;
}

export interface ImportRow extends CheckedFields {
  number: number;
  sheet: number;
  line: number;
  kind: ImportRowKind;
  productId: number | null;
  was: Pick<Product, Exclude<Field, 'code'>> | null;
  problems: Problem[] | null;
}

type SelectedField = { [Key in Field]: `${ProductField<Key>['rowColumn']} as ${Key}` }[Field];

export async function listImportRows(
  db: Kysely<Catalogue>,
  { id, reading }: { id: number; reading: number },
  { kind, after, limit }: { kind?: ImportRowKind; after: number; limit: number },
): Promise<ImportRow[]> {
  const rows = await db
    .selectFrom('product_import_row')
    .select(FIELDS.map((field) => `${rowColumnOf(field)} as ${field}` as SelectedField))
    .select(['number', 'sheet', 'line', 'kind', 'product_id as productId', 'was', 'problems'])
    .where('import_id', '=', id)
    .where('reading', '=', reading)
    .where('number', '>', after)
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind!))
    .orderBy('number')
    .limit(limit)
    .execute();
  return rows as ImportRow[];
}

/** The columns of an import that no instance works on. Applied ones can be undone for a week. */
export function idleImport<State extends ImportState>(state: State) {
  const expires_at = inDays(sql.lit(KEPT_DAYS));
  return { state, lease_until: null, owner: null, tries: 0, progress: 1000, expires_at };
}
