import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RowDataPacket } from 'mysql2';
import { countTransactions, formatGtidSet, missingFrom, parseGtidSet } from '../../src/system/gtid-set.ts';
import { stack } from '../support/shared-stack.ts';

const UUIDS = ['3e11fa47-71ca-11e1-9e33-c80aa9429562', '3e11fa47-71ca-11e1-9e33-c80aa9429563'];

const interval = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 8 }))
  .map(([first, more]) => (more === 0 ? `${first}` : `${first}-${first + more}`));
const ofOneSource = fc
  .tuple(
    fc.constantFrom(...UUIDS),
    fc.constantFrom('', ':blue'),
    fc.array(interval, { minLength: 1, maxLength: 5 }),
  )
  .map(([uuid, tag, intervals]) => `${uuid}${tag}:${intervals.join(':')}`);
const gtidSet = fc.array(ofOneSource, { maxLength: 4 }).map((parts) => parts.join(','));

test('computes missing transactions as GTID_SUBTRACT does', async () => {
  const server = await stack.connect('primary');
  try {
    await fc.assert(
      fc.asyncProperty(gtidSet, gtidSet, async (mine, theirs) => {
        const [[sets]] = await server.query<RowDataPacket[]>(
          `SELECT GTID_SUBTRACT(?, '') AS mine, GTID_SUBTRACT(?, '') AS theirs, GTID_SUBTRACT(?, ?) AS missing`,
          [mine, theirs, theirs, mine],
        );
        const missing = missingFrom(parseGtidSet(String(sets?.mine)), parseGtidSet(String(sets?.theirs)));
        const [[answer]] = await server.query<RowDataPacket[]>(
          'SELECT GTID_SUBTRACT(?, ?) AS tooFew, GTID_SUBTRACT(?, ?) AS tooMany',
          [sets?.missing, formatGtidSet(missing), formatGtidSet(missing), sets?.missing],
        );
        expect(answer).toEqual({ tooFew: '', tooMany: '' });
      }),
      { numRuns: 300 },
    );
  } finally {
    await server.end();
  }
});

test('counts the transactions of every source, including tagged ones', () => {
  const set = parseGtidSet(`${UUIDS[0]}:1-10:12:blue:1-2,\n${UUIDS[1]}:5`);
  expect(countTransactions(set)).toBe(14);
  expect(countTransactions(parseGtidSet(''))).toBe(0);
});
