import fc from 'fast-check';

/** The products that all clients work on; further ones are those that a client registers itself. */
export const SHARED_PRODUCTS = 5;
export const CLIENTS = 4;
const OPERATIONS_PER_CLIENT = 15;
export const SERVERS = ['web1', 'web2', 'web3', 'replica1', 'primary'] as const;

export type OperationKind =
  'register' | 'add' | 'take' | 'count' | 'edit' | 'delete' | 'undo' | 'take the last';

export interface Operation {
  /** Unlike all others of the run: found again in codes, names and, as the amount of ±n, in the ledger. */
  number: number;
  kind: OperationKind;
  /** Which product: a shared one, else one of the client's own. */
  slot: number;
  /** What is counted, typed or registered. */
  quantity: number;
  /** Which instance is asked, or NGINX. */
  entrance: number;
  /** Whether the person clicks twice, or the browser sends it once more when it has been answered. */
  resent: 'no' | 'together' | 'afterwards';
}

export type Fault =
  | { afterOperations: number; kind: 'kill'; server: (typeof SERVERS)[number] }
  | { afterOperations: number; kind: 'stop'; server: (typeof SERVERS)[number]; forMs: number }
  | { afterOperations: number; kind: 'delay replication'; seconds: number };

export interface Scenario {
  initialQuantities: number[];
  /** What each client does, one after the other; the clients work at the same time. */
  programs: Operation[][];
  faults: Fault[];
}

const operation = fc.record({
  kind: fc.constantFrom<OperationKind>(
    ...(['register', 'add', 'add', 'add', 'take', 'take', 'take', 'take'] as const),
    ...(['count', 'count', 'edit', 'edit', 'delete', 'undo', 'undo'] as const),
  ),
  slot: fc.nat(SHARED_PRODUCTS + 1),
  quantity: fc.nat(120),
  entrance: fc.nat(3),
  resent: fc.constantFrom<Operation['resent']>('no', 'no', 'no', 'no', 'together', 'afterwards'),
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

/** @param faults what the nemesis may do; by default anything */
export function scenarios(
  faults: fc.Arbitrary<Fault[]> = fc.array(fault, { minLength: 3, maxLength: 5, size: 'max' }),
): fc.Arbitrary<Scenario> {
  const length = { minLength: OPERATIONS_PER_CLIENT, maxLength: OPERATIONS_PER_CLIENT };
  return fc.record({
    initialQuantities: fc.array(fc.nat(100), { minLength: SHARED_PRODUCTS, maxLength: SHARED_PRODUCTS }),
    programs: fc
      .array(fc.array(operation, length), { minLength: CLIENTS, maxLength: CLIENTS })
      .map((programs) => programs.map(withNumbers)),
    faults,
  });
}

/** In the middle of its program, each client takes the last unit of one product. */
function withNumbers(program: Omit<Operation, 'number'>[], client: number): Operation[] {
  return program.map((each, index) => ({
    ...each,
    number: 1 + client * OPERATIONS_PER_CLIENT + index,
    ...(index === 7 && { kind: 'take the last' as const }),
  }));
}

/** The faults that the mutation check needs, of one kind, spread over the run. */
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
