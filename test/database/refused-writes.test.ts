import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { DomainError } from '../../src/errors/domain-error.ts';
import { NO_BOOK } from '../../src/products/book-queries.ts';
import { CodeTakenError, VersionConflictError } from '../../src/products/product-errors.ts';
import { InsufficientStockError } from '../../src/stock/stock-movements.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';

let databases: Databases;
beforeAll(async () => (databases = await openDatabases()));
afterAll(() => closeDatabases(databases));

const admin = { kind: 'user' as const, id: 1, lastWrite: {} };

async function refusalOf(id: Buffer, work: () => Promise<unknown>): Promise<DomainError> {
  const error: unknown = await databases.catalogue
    .transactOnce({ ...admin }, id, work)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DomainError);
  return error as DomainError;
}

const current = {
  ...{ id: 5, code: 'A', name: 'A', description: '', category: 'Otros', quantity: 3, unit: 'u' },
  ...{ location: '', minimumStock: 0, orderQuantity: 0, supplier: '', supplierCode: '', tags: '', notes: '' },
  ...{ onSale: 0, weight: null },
  ...{ price: null, cost: null, taxRate: null, barcodes: '' },
  ...NO_BOOK,
  ...{ available: true, level: 'enough' as const, version: 2 },
};

test.each<[string, DomainError]>([
  ['code_taken', new CodeTakenError()],
  ['version_conflict', new VersionConflictError(current)],
  ['insufficient_stock', new InsufficientStockError(-7)],
])('%s is answered alike when the write comes again', async (code, refusal) => {
  const id = randomBytes(32);
  const first = await refusalOf(id, () => Promise.reject(refusal));
  const again = await refusalOf(id, () => Promise.resolve('granted by now'));
  expect(again.toJSON()).toEqual(first.toJSON());
  const { status, textKey, field, details } = refusal;
  expect(again).toMatchObject({ code, status, textKey });
  expect([again.field, again.details]).toEqual([field, details]);
});

test('stores the class and details that the previous version reads from a refusal', async () => {
  const id = randomBytes(32);
  await refusalOf(id, () => Promise.reject(new InsufficientStockError(-7)));
  const primary = await stack.connect('primary');
  const [[row]] = await primary.query<RowDataPacket[]>('SELECT outcome FROM completed_write WHERE id = ?', [
    id,
  ]);
  await primary.end();
  expect(JSON.parse(String(row?.outcome))).toMatchObject({
    refusal: 'InsufficientStockError',
    details: { delta: -7 },
  });
});

test('a write refused by the previous version stays refused', async () => {
  const id = randomBytes(32);
  const primary = await stack.connect('primary');
  const outcome = JSON.stringify({ refusal: 'CodeTakenError', details: {} });
  await primary.query('INSERT INTO completed_write (id, outcome) VALUES (?, ?)', [id, outcome]);
  await primary.end();
  const refusal = await refusalOf(id, () => Promise.resolve('granted by now'));
  expect(refusal).toMatchObject({ code: 'refused_before', status: 422, textKey: 'errors.refusedBefore' });
});
