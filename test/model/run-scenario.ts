import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import type { Product } from '../../src/products/product.ts';
import { NoAnswerError, type Answer, type Sent } from '../support/session.ts';
import { Expectation, ledgerViolations } from './expectation.ts';
import { Nemesis } from './nemesis.ts';
import { bookFaultsOn } from '../support/book-faults.ts';
import { brief, describe, outcome } from './outcome.ts';
import type { Operation, Scenario, ShopOperation } from './scenario.ts';
import { Shopping } from './shopping.ts';
import type { Person, RunningSystem } from './working-people.ts';

let runs = 0;
/** Of a product that people do not touch, so that nothing but the shop explains what is reserved. */
const ONLY_IN_SHOP = 20;
/** Of a product that the shop has. */
const OFFERED = { price: '2,50', taxRate: '12', onSale: 'yes' };

/** Runs a scenario, then compares primary and replica with the acknowledged writes. @returns the problems */
export async function runScenario(system: RunningSystem, scenario: Scenario): Promise<string[]> {
  const { stack, people } = system;
  const run = new Run(system, scenario);
  await run.registerShared(scenario.initialQuantities);
  await Promise.all([
    ...scenario.programs.map((program, index) => run.work(people[index]!, program)),
    run.shop(scenario.shopping),
  ]);
  await run.nemesis.heal();
  await run.settleOrders();
  for (const server of ['primary', 'replica1']) {
    const connection = await stack.data.connect(server);
    connection.config.namedPlaceholders = true;
    await run.verify(server, connection);
    await connection.end();
  }
  return run.problems;
}

class Run {
  readonly problems: string[] = [];
  readonly nemesis: Nemesis;
  readonly #system: RunningSystem;
  readonly #prefix = `MODEL-${process.pid}-${++runs}-`;
  readonly #expected = new Expectation(this.#prefix);
  readonly #shared: { id: number; code: string }[] = [];
  readonly #everDeleted = new Set<number>();
  #lastUnit = { id: 0, code: '' };
  #lastUnitBuyers = 0;
  #onlyInShop = 0;
  #edits = 0;
  #shopping: Shopping | undefined;

  constructor(system: RunningSystem, { faults }: Scenario) {
    this.#system = system;
    this.nemesis = new Nemesis(system.stack.data, faults);
  }

  async registerShared(quantities: number[]): Promise<void> {
    const [person] = this.#system.people;
    for (const [index, quantity] of [...quantities, 1].entries()) {
      const product = await this.#register(person!, `${this.#prefix}shared${index}`, quantity, {}, OFFERED);
      if (product) this.#shared.push(product);
    }
    this.#lastUnit = this.#shared.pop()!;
    const untouched = await this.#register(person!, `${this.#prefix}shop`, ONLY_IN_SHOP, {}, OFFERED);
    this.#onlyInShop = untouched?.id ?? 0;
  }

  /** Buyers choose among the shared products, while people count, edit and delete them, and one more. */
  async shop(programs: ShopOperation[][]): Promise<void> {
    const products = [...this.#shared.map(({ id }) => id), this.#onlyInShop];
    this.#shopping = new Shopping(this.#system, { products, prefix: this.#prefix.toLowerCase() });
    const { people } = this.#system;
    await Promise.all(programs.map((program, index) => this.#shopping!.follow(program, people[index]!)));
    this.problems.push(...this.#shopping.problems);
  }

  async settleOrders(): Promise<void> {
    await this.#shopping!.settle();
  }

  async work(person: Person, program: Operation[]): Promise<void> {
    const own: { id: number; code: string }[] = [];
    try {
      for (const operation of program) {
        this.nemesis.onOperation();
        const product = [...this.#shared, ...own][operation.slot] ?? own.at(-1) ?? this.#shared[0]!;
        const registered = await this.#perform(person, operation, product);
        if (registered) own.push(registered);
      }
    } catch (error) {
      this.problems.push(error instanceof NoAnswerError ? error.message : String(error));
    }
  }

  async #perform(person: Person, operation: Operation, product: { id: number; code: string }) {
    const { kind, number, quantity } = operation;
    const { id } = product;
    const { userId } = person;
    switch (kind) {
      case 'register':
        return this.#register(person, `${this.#prefix}${number}.`, quantity, operation);
      case 'add':
        await this.#adjust(person, id, number, operation);
        return;
      case 'take':
        await this.#adjust(person, id, -number, operation);
        return;
      case 'take the last':
        if (await this.#adjust(person, this.#lastUnit.id, -1, operation)) this.#lastUnitBuyers++;
        return;
      case 'count': {
        const seen = await this.#read(person, product, operation);
        if (!seen) return;
        const { version } = seen;
        const sent = { path: `/api/products/${id}/quantity`, method: 'PATCH' as const };
        const answer = await this.#send(person, { ...sent, json: { quantity, version } }, operation);
        if (!answer) return;
        this.#expected.counted(id, seen, quantity, userId);
        this.#wrote(person, id, (JSON.parse(answer.text) as Product).version);
        await this.#read(person, product, operation);
        return;
      }
      case 'edit': {
        const seen = await this.#read(person, product, operation);
        if (!seen) return;
        const { version, code, category, unit } = seen;
        // Unique, so that a stale edit always differs from what is saved.
        const edit = { quantity, name: `Edited by ${number}, ${++this.#edits}` };
        const form = { ...edit, code, category, unit, description: '', version };
        const sent = { path: `/products/${id}`, method: 'POST' as const, form };
        if (!(await this.#send(person, sent, operation))) return;
        this.#expected.edited(id, seen, edit, userId);
        this.#wrote(person, id, version + 1);
        await this.#read(person, product, operation);
        return;
      }
      case 'delete':
        this.#everDeleted.add(id);
        if (await this.#send(person, { path: `/products/${id}/delete`, method: 'POST', form: {} }, operation))
          this.#expected.deleted(id);
        return;
      case 'undo':
        if (
          await this.#send(person, { path: `/products/${id}/restore`, method: 'POST', form: {} }, operation)
        )
          this.#expected.restored(id);
        return;
    }
  }

  async #register(
    person: Person,
    code: string,
    quantity: number,
    operation: Partial<Operation>,
    more: Record<string, string> = {},
  ) {
    const form = { code, name: code, quantity, unit: 'unidad', category: 'Otros', ...more };
    const answer = await this.#send(person, { path: '/products', method: 'POST', form }, operation);
    const id = Number(/^\/products\/(\d+)$/.exec(answer?.location ?? '')?.[1]);
    if (!answer || !id) {
      this.problems.push(`${code} was not registered: ${answer?.status} ${answer?.location}`);
      return undefined;
    }
    this.#expected.registered(id, code, quantity, person.userId);
    this.#wrote(person, id, 1);
    return { id, code };
  }

  async #adjust(person: Person, id: number, delta: number, operation: Operation): Promise<boolean> {
    const sent = { path: `/api/products/${id}/quantity`, method: 'PATCH' as const, json: { delta } };
    const answer = await this.#send(person, sent, operation);
    if (!answer) return false;
    const { version, code } = JSON.parse(answer.text) as Product;
    this.#expected.adjusted(id, delta, person.userId);
    this.#wrote(person, id, version);
    await this.#read(person, { id, code }, operation);
    return true;
  }

  #wrote({ written }: Person, id: number, version: number): void {
    written.set(id, Math.max(version, written.get(id) ?? 0));
  }

  /** @returns undefined when the write was refused */
  async #send(person: Person, sent: Sent, operation: Partial<Operation>): Promise<Answer | undefined> {
    const withKey = { ...sent, key: randomUUID() };
    const send = (entryPoint: number) =>
      person.session.sendUntilAnswered(this.#urlsFrom(entryPoint), withKey);
    const { entryPoint = 0, resent = 'no' } = operation;
    const together = resent === 'together' ? send(entryPoint + 1) : undefined;
    const answer = await send(entryPoint);
    const second = (await together) ?? (resent === 'afterwards' ? await send(entryPoint + 1) : answer);
    if (outcome(second) !== outcome(answer) || second.location !== answer.location) {
      this.problems.push(
        `${describe(sent)}, sent twice ${resent}: first ${brief(answer)}, then ${brief(second)}`,
      );
    }
    if (outcome(answer) === 'unexpected') this.problems.push(`${describe(sent)}: ${brief(answer)}`);
    return outcome(answer) === 'acknowledged' ? answer : undefined;
  }

  /** Reads through another instance and checks that no own write is missing. */
  async #read(person: Person, { id, code }: { id: number; code: string }, { entryPoint }: Operation) {
    const path = `/api/products?search=${encodeURIComponent(code)}`;
    const atLeast = person.written.get(id) ?? 0;
    for (;;) {
      const startedAt = Date.now();
      const answer = await person.session.sendUntilAnswered(this.#urlsFrom(entryPoint + 2), { path });
      if (answer.status !== 200) {
        this.problems.push(`reading ${code}: ${brief(answer)}`);
        return undefined;
      }
      const { items } = JSON.parse(answer.text) as { items: Product[] };
      const found = items.find((item) => item.id === id);
      const mayBeAbsent = atLeast === 0 || this.#everDeleted.has(id);
      const isStale = found ? found.version < atLeast : !mayBeAbsent;
      if (!isStale) return found;
      if (!this.nemesis.wasPrimaryAway(startedAt)) {
        const version = found?.version ?? 'none';
        this.problems.push(`stale: ${code} has version ${version}, own writes made it ${atLeast}`);
        return found;
      }
      await sleep(200);
    }
  }

  #urlsFrom(entryPoint: number): string[] {
    const { urls } = this.#system;
    return urls.map((_, index) => urls[(entryPoint + index) % urls.length]!);
  }

  async verify(server: string, connection: Connection): Promise<void> {
    const found = [
      ...(await this.#expected.differencesFrom(connection)),
      ...(await ledgerViolations(connection)),
      ...(await this.#shopping!.differencesFrom(connection)),
      ...(await bookFaultsOn(this.#system.stack.data, server)).map((fault) => JSON.stringify(fault)),
    ];
    this.problems.push(...found.map((problem) => `${server}: ${problem}`));
    if (server === 'primary' && this.#lastUnitBuyers !== 1) {
      this.problems.push(`${this.#lastUnitBuyers} of four buyers got the last unit`);
    }
  }
}
