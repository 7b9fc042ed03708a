import { randomBytes } from 'node:crypto';
import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { isAdmitted } from '../auth/access.ts';
import { ROUTE_PERMISSIONS } from '../auth/route-permissions.ts';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import type { ImportRowKind } from '../database/tables.ts';
import { findUsernames } from '../directory/usernames.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { HttpError } from '../http/http-error.ts';
import { limited, Semaphore } from '../http/semaphore.ts';
import { firstUpload, type UploadForm } from '../http/upload.ts';
import { streamAnswer } from '../http/stream-answer.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { shownText, type FieldValue } from '../products/field-texts.ts';
import { isFlagKey, isOfBook } from '../products/product-fields.ts';
import { productId } from '../products/product-form.ts';
import { Units, unitWord } from '../products/unit-queries.ts';
import { requestContext } from '../telemetry/request-context.ts';
import { AMOUNTS, ERASABLE, FIELDS, type Field } from './import-fields.ts';
import {
  canUndo,
  choicesOf,
  countBusyImports,
  createImport,
  findImport,
  listImportRows,
  listImports,
  readAgain,
  ROWS_PER_PAGE,
  startApplying,
  startUndoing,
  type ImportDetails,
  type ImportJson,
} from './import-queries.ts';
import { writeResult } from './import-result.ts';
import { TEMPLATE_TYPES, writeTemplate, type TemplateFormat } from './import-template.ts';
import { describePlace, describeProblem, unreadColumns } from './problem-text.ts';
import { MAX_COLUMNS, MAX_FILE_BYTES, MAX_ROWS } from '../spreadsheets/spreadsheet.ts';
import { headerOf, readChoices } from './reading-choices.ts';
import { storeFile } from './stored-file.ts';
import { discardUpload } from './removal.ts';
import { readSample, readTextChoice, textOptions } from './text-choice.ts';

const BUSY_PER_USER = 3;
/** More than this means that the wrong column was assigned. */
const MAX_NEW_CATEGORIES = 200;
const KINDS = ['wrong', 'changed', 'new', 'unchanged'] as const satisfies ImportRowKind[];
const TOO_MANY = 'imports.errors.tooMany';

export const IMPORT_FORM: UploadForm = { path: /^\/imports$/, files: 1, fileBytes: MAX_FILE_BYTES };

const applyForm = z.object({
  reading: z.coerce.number().int().positive(),
  leaveOut: z.literal('wrong').optional(),
});
const rowNumber = z.coerce.number().int().min(0).max(MAX_ROWS);

export function importRoutes(config: WebConfig, databases: Databases, jobs: Jobs): Router {
  const router = Router();
  const units = new Units(databases.catalogue);
  // Each upload or download holds a connection or a file.
  const uploadSlot = limited(new Semaphore(), TOO_MANY);
  const downloadSlot = limited(new Semaphore(), TOO_MANY);

  router.get('/imports', async (_req, res) => {
    await renderList(res);
  });

  router.post('/imports', uploadSlot, async (req, res) => {
    const user = req.principal!;
    const upload = await firstUpload(req);
    if (!upload?.name) return renderList(res, 'imports.errors.noFile');
    const busy = await databases.catalogue.readPrimary((db) => countBusyImports(db, user.id));
    if (busy >= BUSY_PER_USER) throw new HttpError(429, TOO_MANY, { retryAfterSeconds: 10 });
    const file = randomBytes(16);
    try {
      const { bytes, digest } = await storeFile(databases, file, upload.file);
      if (upload.isTruncated()) {
        await discard(file);
        return await renderList(res, 'imports.errors.tooLarge', 413);
      }
      const fileName = Array.from(upload.name.toWellFormed().replace(/\p{Cc}+/gu, ' '))
        .slice(0, 200)
        .join('');
      // A repeated request has the same key and content, and creates one import.
      const writeId = req.writeId({ fileName, file: digest });
      const created = await databases.catalogue.transactOnce(user, writeId, async (trx) => {
        const id = await createImport(trx, { userId: user.id, file, fileName, fileBytes: bytes });
        return { id, file: file.toString('hex') };
      });
      if (created.file !== file.toString('hex')) await discard(file);
      jobs.wake('imports');
      res.redirect(303, `/imports/${created.id}`);
    } catch (error) {
      await discard(file);
      throw error;
    }
  });

  for (const format of Object.keys(TEMPLATE_TYPES) as TemplateFormat[]) {
    router.get(`/imports/template.${format}`, async (req, res) => {
      res.attachment(`${req.t('imports.template.fileName')}.${format}`);
      res.set('Content-Type', TEMPLATE_TYPES[format]);
      await writeTemplate(format, res, req);
    });
  }

  router.get('/imports/:id', async (req, res) => {
    const found = await getImport(req);
    const { findings, totals, reading, isKept } = found;
    const kinds = KINDS.filter((name) => (totals?.[name] ?? 0) > 0);
    const kind = z
      .enum(KINDS)
      .catch(kinds[0] ?? 'new')
      .parse(req.query.kind);
    const after = rowNumber.catch(0).parse(req.query.after);
    const hasRows = reading !== null && isKept && totals !== null && isRead(found);
    const rows = hasRows
      ? await databases.catalogue.readPrimary((db) =>
          listImportRows(db, { id: found.id, reading }, { kind, after, limit: ROWS_PER_PAGE + 1 }),
        )
      : [];
    const total = totals ? totals.new + totals.changed + totals.unchanged + totals.wrong : 0;
    const tooManyCategories = (findings?.newCategoryCount ?? 0) > MAX_NEW_CATEGORIES;
    const leavesOut = (totals?.wrong ?? 0) > 0;
    const canApply =
      totals !== null &&
      totals.new + totals.changed > 0 &&
      !tooManyCategories &&
      (!leavesOut || findings?.header !== undefined) &&
      !findings?.text?.isUnsure;
    const unitOf = await units.read(req.principal!);
    res.render('imports/show', {
      unitOf,
      unitWord,
      found: (await withUsernames([found]))[0],
      canUndo: canUndo(found) && mayDelete(req),
      touched: (found.notice?.touched?.rows ?? []).map((row) => ({
        ...row,
        place: describePlace(row, findings, req.t),
      })),
      kinds,
      kind,
      after,
      hasRows,
      hasMore: rows.length > ROWS_PER_PAGE,
      rows: rows.slice(0, ROWS_PER_PAGE).map((row) => ({
        ...row,
        place: describePlace(row, findings, req.t),
        problems: (row.problems ?? []).map((problem) => describeProblem(problem, found, req.t)),
        changes: FIELDS.flatMap((field) => {
          if (field === 'code' || row.was === null) return [];
          const [from, to] = [row.was[field], row[field]];
          if (to === null || isSame(field, from, to)) return [];
          const isShownOtherwise = AMOUNTS.has(field) || isFlagKey(field) || isOfBook(field);
          const show = (value: FieldValue) =>
            isShownOtherwise ? shownText(field, value, req.language) : value;
          return [{ field, from: show(from), to: show(to) }];
        }),
      })),
      total,
      tooManyCategories,
      canApply,
      leavesOut,
      erases: choicesOf(findings).erases,
      erasable: ERASABLE,
      header: headerOf(findings),
      text: textOptions(findings, req.t),
      unread: unreadColumns(findings, req.t),
      brokenNames: (findings?.brokenNames?.places ?? []).map((place) =>
        describePlace(place, findings, req.t),
      ),
      fields: FIELDS,
      limits: { rows: MAX_ROWS, columns: MAX_COLUMNS, megabytes: MAX_FILE_BYTES / 1024 / 1024 },
    });
  });

  router.get('/api/imports/:id', async (req, res) => {
    const { id, state, isBusy, progress, totals } = await getImport(req);
    res.json({ id, state, isBusy, progress, totals } satisfies ImportJson);
  });

  router.get('/api/imports/:id/sample', async (req, res) => {
    const { file, findings, isKept } = await getImport(req);
    const { text } = choicesOf(findings);
    if (!text || !isKept) throw new HttpError(404, 'imports.errors.noResult');
    res.json(await readSample(databases, file, readTextChoice(req.query, text)));
  });

  router.post('/imports/:id/columns', async (req, res) => {
    const found = await getImport(req);
    const choices = readChoices(req.body, found);
    await changeImport(res, found, async () => {
      await databases.catalogue.transactOnce(req.principal!, req.writeId(), (trx) =>
        readAgain(trx, found.id, choices),
      );
    });
  });

  router.post('/imports/:id/apply', async (req, res) => {
    const found = await getImport(req);
    const { reading, leaveOut } = applyForm.parse(req.body ?? {});
    const request = { reading, leavesOut: leaveOut !== undefined, ...requestOf(req) };
    await changeImport(res, found, async () => {
      await databases.catalogue.transactOnce(req.principal!, req.writeId(), (trx) =>
        startApplying(trx, found.id, request),
      );
    });
  });

  router.get('/imports/:id/undo', async (req, res) => {
    const found = await getImport(req);
    if (!canUndo(found) || !mayDelete(req)) return res.redirect(303, `/imports/${found.id}`);
    res.render('imports/undo', { found, days: config.TRASH_DAYS });
  });

  router.post('/imports/:id/undo', async (req, res) => {
    // What the import has added is deleted.
    if (!mayDelete(req)) throw new HttpError(403, 'errors.notAllowed');
    const found = await getImport(req);
    await changeImport(res, found, async () => {
      await databases.catalogue.transactOnce(req.principal!, req.writeId(), (trx) =>
        startUndoing(trx, found.id, requestOf(req)),
      );
    });
  });

  router.get('/imports/:id/result.csv', downloadSlot, async (req, res) => {
    const found = await getImport(req);
    const { reading } = found;
    if (reading === null || !found.isKept || !isRead(found))
      throw new HttpError(404, 'imports.errors.noResult');
    const onlyWrong = req.query.rows === 'wrong';
    const name = found.fileName.replace(/\.\w{1,5}$/, '');
    res.attachment(`${name} - ${req.t(onlyWrong ? 'imports.wrongName' : 'imports.resultName')}.csv`);
    res.set('Content-Type', 'text/csv; charset=utf-8');
    await streamAnswer(res, (closed) => {
      const to = { out: res, signal: closed, t: req.t, onlyWrong };
      return writeResult({ config, databases }, { ...found, reading }, to);
    });
  });

  async function discard(file: Buffer): Promise<void> {
    await discardUpload(databases, file);
    jobs.wakeOutbox();
  }

  async function getImport(req: Request): Promise<ImportDetails> {
    const id = productId.safeParse(req.params.id);
    // A replica may not have the rows of a new preview yet.
    const found = id.success && (await databases.catalogue.readPrimary((db) => findImport(db, id.data)));
    if (!found) throw new HttpError(404, 'imports.errors.notFound');
    return found;
  }

  /** A stale change is dropped; the import's page shows its current state. */
  async function changeImport(
    res: Response,
    { id }: ImportDetails,
    change: () => Promise<void>,
  ): Promise<void> {
    try {
      await change();
    } catch (error) {
      if (!isDomainError(error, 'import_moved_on')) throw error;
    }
    jobs.wake('imports');
    res.redirect(303, `/imports/${id}`);
  }

  async function withUsernames(imports: ImportDetails[]) {
    const users = imports.flatMap(({ userId, undoneBy }) => [
      userId,
      ...(undoneBy === null ? [] : [undoneBy]),
    ]);
    const names = await databases.directory.readPrimary((db) => findUsernames(db, users));
    return imports.map((one) => ({
      ...one,
      username: names.get(one.userId) ?? '',
      undoneByName: names.get(one.undoneBy ?? 0) ?? '',
    }));
  }

  async function renderList(res: Response, error?: string, status = error ? 422 : 200): Promise<void> {
    const imports = await withUsernames(await databases.catalogue.readPrimary(listImports));
    res.status(status).render('imports/list', {
      imports,
      error,
      limits: { rows: MAX_ROWS, columns: MAX_COLUMNS, megabytes: MAX_FILE_BYTES / 1024 / 1024 },
    });
  }

  return router;
}

function mayDelete(req: Request): boolean {
  return isAdmitted(req.principal, ROUTE_PERMISSIONS['POST /products/:id/delete']);
}

function requestOf(req: Request) {
  const { id: requestId = '', address = '' } = requestContext.getStore() ?? {};
  return {
    userId: req.principal!.id,
    requestId: requestId.slice(0, 64),
    address: address.replace(/[^\w.:%-]/g, '').slice(0, 45),
  };
}

/** Compares categories as MySQL's collation does. */
function isSame(field: Field, from: FieldValue, to: FieldValue): boolean {
  if (field !== 'category') return from === to;
  return String(from).localeCompare(String(to), 'es', { sensitivity: 'base' }) === 0;
}

/** While it is read, or after that failed, its rows are those of an earlier preview. */
function isRead({ state }: ImportDetails): boolean {
  return state !== 'reading' && state !== 'refused';
}
