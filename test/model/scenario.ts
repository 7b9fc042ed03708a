import fc from 'fast-check';
import type { Way } from '../support/buyer.ts';

/** Products that all clients work on. Others belong to the client that registered them. */
export const SHARED_PRODUCTS = 5;
export const CLIENTS = 4;
const OPERATIONS_PER_CLIENT = 15;
export const BUYERS = 3;
const OPERATIONS_PER_BUYER = 7;
export const SERVERS = ['web1', 'web2', 'web3', 'replica1', 'primary'] as const;

export type OperationKind =
  'register' | 'add' | 'take' | 'count' | 'edit' | 'delete' | 'undo' | 'take the last';

export interface Operation {
  /** Unique in a run; identifies the operation in codes, names and ledger amounts. */
  number: number;
  kind: OperationKind;
  /** Index into the shared products, then the client's own. */
  slot: number;
  quantity: number;
  /** Index of the instance, or NGINX, that receives the request. */
  entryPoint: number;
  /** A double click, or a resend after the response. */
  resent: 'no' | 'together' | 'afterwards';
}

export interface ShopOperation {
  kind: 'buy' | 'pay' | 'cancel' | 'let expire';
  /** What to buy: indexes into the shared products, then one that only the shop has to do with. */
  slots: number[];
  quantity: number;
  way: Way;
  /** Index into the buyer's own orders. */
  order: number;
  /** As of an operation. */
  entryPoint: number;
  /** Two presses at the same time. */
  isTwice: boolean;
}

export type Fault =
  | { afterOperations: number; kind: 'kill'; server: (typeof SERVERS)[number] }
  | { afterOperations: number; kind: 'stop'; server: (typeof SERVERS)[number]; forMs: number }
  | { afterOperations: number; kind: 'delay replication'; seconds: number };

export interface Scenario {
  initialQuantities: number[];
  /** One sequential program per client; the clients run concurrently. */
  programs: Operation[][];
  faults: Fault[];
  /** One sequential program per buyer, while the clients work. */
  shopping: ShopOperation[][];
}

const operation = fc.record({
  kind: fc.constantFrom<OperationKind>(
    ...(['register', 'add', 'add', 'add', 'take', 'take', 'take', 'take'] as const),
    ...(['count', 'count', 'edit', 'edit', 'delete', 'undo', 'undo'] as const),
  ),
  slot: fc.nat(SHARED_PRODUCTS + 1),
  quantity: fc.nat(120),
  entryPoint: fc.nat(3),
  resent: fc.constantFrom<Operation['resent']>('no', 'no', 'no', 'no', 'together', 'afterwards'),
});

const shopOperation: fc.Arbitrary<ShopOperation> = fc.record({
  kind: fc.constantFrom('buy', 'buy', 'pay', 'cancel', 'let expire'),
  slots: fc.uniqueArray(fc.nat(SHARED_PRODUCTS), { minLength: 1, maxLength: 3 }),
  quantity: fc.integer({ min: 1, max: 30 }),
  way: fc.constantFrom('bank_transfer', 'bank_transfer', 'pick_up', 'cash_on_delivery'),
  order: fc.nat(OPERATIONS_PER_BUYER),
  entryPoint: fc.nat(3),
  isTwice: fc.boolean(),
});

const allOperations = CLIENTS * OPERATIONS_PER_CLIENT;
const afterOperations = fc.integer({ min: 3, max: allOperations - 10 });

const fault = fc.oneof(
  { weight: 3, arbitrary: faultOn(['web1', 'web2', 'web3']) },
  { weight: 1, arbitrary: faultOn(['replica1']) },
  { weight: 1, arbitrary: faultOn(['primary']) },
  {
    weight: 1,
    arbitrary: fc.record({
      afterOperations,
      kind: fc.constant('delay replication' as const),
      seconds: fc.integer({ min: 1, max: 2 }),
    }),
  },
);

function faultOn(servers: Fault extends infer F ? (F extends { server: infer S } ? S[] : never) : never) {
  const server = fc.constantFrom(...servers);
  return fc.oneof(
    fc.record({ afterOperations, kind: fc.constant('kill' as const), server }),
    fc.record({
      afterOperations,
      kind: fc.constant('stop' as const),
      server,
      forMs: fc.integer({ min: 100, max: 2500 }),
    }),
  );
}

export function scenarios(
  faults: fc.Arbitrary<Fault[]> = fc.array(fault, { minLength: 3, maxLength: 5, size: 'max' }),
): fc.Arbitrary<Scenario> {
  const length = { minLength: OPERATIONS_PER_CLIENT, maxLength: OPERATIONS_PER_CLIENT };
  const shopLength = { minLength: OPERATIONS_PER_BUYER, maxLength: OPERATIONS_PER_BUYER };
  return fc.record({
    initialQuantities: fc.array(fc.nat(100), { minLength: SHARED_PRODUCTS, maxLength: SHARED_PRODUCTS }),
    programs: fc
      .array(fc.array(operation, length), { minLength: CLIENTS, maxLength: CLIENTS })
      .map((programs) => programs.map(withNumbers)),
    faults,
    shopping: fc.array(fc.array(shopOperation, shopLength), { minLength: BUYERS, maxLength: BUYERS }),
  });
}

/** All clients take the last unit of the same product halfway through. */
function withNumbers(program: Omit<Operation, 'number'>[], client: number): Operation[] {
  return program.map((each, index) => ({
    ...each,
    number: 1 + client * OPERATIONS_PER_CLIENT + index,
    ...(index === 7 && { kind: 'take the last' as const }),
  }));
}

/** For the mutation tests: kills of instances, spread over the run. */
export function faultsOnInstances(): fc.Arbitrary<Fault[]> {
  return fc.array(
    fc.record({
      afterOperations,
      kind: fc.constant('kill' as const),
      server: fc.constantFrom('web1' as const, 'web2' as const, 'web3' as const),
    }),
    { minLength: 6, maxLength: 6 },
  );
}
