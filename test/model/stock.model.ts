import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Stack } from '../support/stack.ts';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenario.ts';
import { signInPeople, type RunningSystem } from './working-people.ts';

const seed = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env.MODEL_RUNS ?? 6);
const semiSync = seed % 2 === 0 ? 'on' : 'off';

let system: RunningSystem;

beforeAll(async () => {
  console.log(`To repeat this run: MODEL_SEED=${seed} MODEL_RUNS=${numRuns} npm run test:model`);
  system = await signInPeople(await Stack.start({ env: { SEMI_SYNC: semiSync } }));
});
afterAll(() => system.stack.stopAndClean());

test('applies acknowledged writes exactly once and refused writes never, whatever servers fail', async () => {
  let run = 0;
  const property = fc.asyncProperty(scenarios(), async (scenario) => {
    const startedAt = Date.now();
    expect(await runScenario(system, scenario)).toEqual([]);
    const faults = scenario.faults.map((fault) => `${fault.kind} ${'server' in fault ? fault.server : ''}`);
    console.log(`run ${++run}: ${faults.join(', ')}; ${Date.now() - startedAt} ms`);
  });
  // No shrinking: real servers are not deterministic, and it would take hours.
  await fc.assert(property, { seed, numRuns, endOnFailure: true });
});
