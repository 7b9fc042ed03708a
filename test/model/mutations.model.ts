import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withMutant, type Change } from './mutant.ts';
import { runScenario } from './run-scenario.ts';
import { faultsOnInstances, scenarios, type Fault } from './scenario.ts';
import { signInPeople } from './working-people.ts';

const RUNS = 8;
const noFaults = fc.constant<Fault[]>([]);

/** The problems of the first scenario that finds any. Unchanged sources have none: see stock.model.ts. */
async function problemsWith(changes: Change[], faults: fc.Arbitrary<Fault[]>): Promise<string> {
  return withMutant(changes, async (stack) => {
    const system = await signInPeople(stack);
    for (const scenario of fc.sample(scenarios(faults), { seed: 7, numRuns: RUNS })) {
      const problems = await runScenario(system, scenario);
      if (problems.length > 0) return problems.join('\n');
    }
    return '';
  });
}

const guard = {
  file: 'src/stock/stock-movements.ts',
  text: '.where(sql<boolean>`on_hand + ${delta} BETWEEN 0 AND ${MAX_QUANTITY}`)',
  by: '',
};

test('without the guard in the UPDATE, a refusal becomes a server error', async () => {
  expect(await problemsWith([guard], noFaults)).toMatch(/PATCH .*"delta":-\d+.*: 500/);
});

test('without the guard and the CHECKs, stock falls below zero', async () => {
  const schema = 'mysql/migrations/001-products.sql';
  const checks = [
    { file: schema, text: ' CHECK (quantity >= 0)', by: '' },
    { file: schema, text: ' CHECK (quantity_after >= 0)', by: '' },
  ];
  expect(await problemsWith([guard, ...checks], noFaults)).toContain('is below 0');
});

test('with the ledger row outside the transaction, the ledger does not add up', async () => {
  const changes = [
    {
      file: 'src/database/database-group.ts',
      text: 'this.monitor = new ServerMonitor(config, findPrimary);',
      by: 'this.monitor = new ServerMonitor(config, findPrimary); globalThis.outside = () => this.#primary().db;',
    },
    {
      file: 'src/stock/stock-movements.ts',
      text: '  await writeLedgerRow(trx, movement, left);',
      // Correct only without concurrent writes.
      by: `
  const { quantity } = await trx.selectFrom('product').select('quantity').where('id', '=', productId)
    .executeTakeFirstOrThrow();
  await globalThis.outside().insertInto('stock_movement').values({
    product_id: productId, delta, quantity_after: quantity, reason: movement.reason, ...actorColumns(movement.actor),
  }).execute();
  await new Promise((resolve) => setTimeout(resolve, 20));`,
    },
  ];
  expect(await problemsWith(changes, faultsOnInstances())).toContain('the ledger adds up to');
});

test('without the idempotency check, a repeated request is applied twice', async () => {
  const changes = [
    {
      file: 'src/database/database-group.ts',
      text: 'runOnce(db, { id,',
      by: "runOnce(db, { id: Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex'),",
    },
  ];
  expect(await problemsWith(changes, noFaults)).toMatch(/sent twice/);
});

test('without waiting for the last own write, a delayed replica shows stale values', async () => {
  const changes = [
    {
      file: 'src/database/database-group.ts',
      text: 'if (await shows(replica, this.monitor.isUpToDate(replica.name) ? CATCH_UP_MS : BEHIND_MS))',
      by: 'if (replica)',
    },
  ];
  const delayed = fc.constant<Fault[]>([{ afterOperations: 1, kind: 'delay replication', seconds: 1 }]);
  expect(await problemsWith(changes, delayed)).toContain('stale: ');
});

test('without the condition of a hold, buyers are promised more than there is', async () => {
  const changes = [
    {
      file: 'src/stock/holds.ts',
      text: '.where(sql<boolean>`on_hand - exact_reserved >= ${quantity}`)',
      by: '',
    },
  ];
  expect(await problemsWith(changes, noFaults)).toContain('No customer has reserved more than there was');
});
