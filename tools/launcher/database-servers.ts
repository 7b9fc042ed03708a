import { existsSync } from 'node:fs';
import { FAULT_TEXTS, reportCrashing } from '../../src/database/replica-faults.ts';
import { findPrimaryOfGroup } from '../../src/database/replication-group/standing.ts';
import { findPrimary, listServers } from '../../src/database/servers.ts';
import { connectForSetup } from '../../src/database/setup-connection.ts';
import { CannotStartError } from './cannot-start.ts';
import type { Programs } from './install/programs.ts';
import { mysqlProcess } from './processes.ts';
import { dataDir, findNeededServers, hasData, prepareDatabases, putAside } from './server-data.ts';
import { readSetupConfig } from './setup-config.ts';
import type { DatabaseServer, StackConfig } from './stack-config.ts';
import { Supervisor } from './supervisor.ts';
import { describeUnwritable, findUnwritable, UNWRITABLE } from './unwritable.ts';

interface Surroundings {
  config: StackConfig;
  programs: Programs;
  log: (line: string) => void;
  onChange: () => void;
  stopping: AbortSignal;
}

interface Failure {
  server: DatabaseServer;
  error: Error;
}

/** The MySQL servers of a system. Only the primary is needed: a replica that fails starts empty, or not at all. */
export class DatabaseServers {
  readonly primary: Supervisor[] = [];
  readonly replicas: Supervisor[] = [];
  /** Why, by name. */
  readonly outOfUse = new Map<string, string>();
  readonly #around: Surroundings;
  readonly #all: DatabaseServer[];

  constructor(around: Surroundings) {
    this.#around = around;
    this.#all = [around.config.primary, ...around.config.replicas];
  }

  /** @throws CannotStartError when the primary does not start */
  async start(): Promise<void> {
    const needed = findNeededServers(this.#around.config);
    const replicas = this.#all.filter((server) => !needed.includes(server));
    const failures = replicas.map((server) =>
      this.#run(server).then(
        () => undefined,
        (error: unknown): Failure => ({ server, error: error as Error }),
      ),
    );
    await Promise.all(needed.map((server) => this.#startNeeded(server)));
    if (this.#around.config.group) return this.#leaveOut(await Promise.all(failures));
    // Only now: if the primary is lost, a replica's data are the only copy.
    for (const failure of await Promise.all(failures)) {
      if (!failure) continue;
      this.#around.log(failure.error.message);
      await this.#replace(failure.server);
    }
  }

  /** Of a group, which goes on while more than half of its servers run. */
  #leaveOut(failures: (Failure | undefined)[]): void {
    const found = failures.filter((failure) => failure !== undefined);
    if (found.length > this.#spare()) throw found[0]!.error;
    for (const { server, error } of found) {
      this.outOfUse.set(server.name, 'it does not start');
      this.#around.log(error.message);
    }
  }

  /** Once the group works: until then, the data of any server may be needed. */
  async replaceLeftOut(): Promise<void> {
    for (const server of this.#all) if (this.outOfUse.has(server.name)) await this.#replace(server);
  }

  /** How many servers may be missing. */
  #spare(): number {
    return this.#around.config.group ? Math.floor((this.#all.length - 1) / 2) : this.#all.length - 1;
  }

  async renew(name: string): Promise<void> {
    const { config, programs, log, stopping } = this.#around;
    const server = this.#all.find((candidate) => candidate.name === name)!;
    stopping.throwIfAborted();
    try {
      await this.#supervisor(name)?.stop();
      if (existsSync(dataDir(config, server))) {
        log(`${name}: its data are put aside in ${await putAside(config, server)}`);
      }
      await prepareDatabases(config, programs, [server], stopping);
      await this.#run(server);
      this.outOfUse.delete(name);
    } catch (error) {
      this.outOfUse.set(name, 'it does not start');
      await this.#supervisor(name)?.stop();
      throw error;
    }
  }

  async #startNeeded(server: DatabaseServer): Promise<void> {
    const { config } = this.#around;
    try {
      await this.#run(server);
    } catch (error) {
      const copy = this.#all.find((other) => other !== server && hasData(config, other));
      if (!copy || !(error instanceof CannotStartError)) throw error;
      throw new CannotStartError(
        `${error.message}\n${copy.name} has a copy of the data. ` +
          'To continue with it: docs/replication.md#the-primary-does-not-start',
      );
    }
  }

  async #replace(server: DatabaseServer): Promise<void> {
    const { config, log, stopping } = this.#around;
    const { name } = server;
    stopping.throwIfAborted();
    const unwritable = await findUnwritable([dataDir(config, server)]);
    if (unwritable.length > 0) {
      // Its data may be good.
      this.outOfUse.set(name, UNWRITABLE);
      log(`${name} is left out. ${describeUnwritable(unwritable)}`);
      return;
    }
    await this.renew(name).catch((again: unknown) => {
      stopping.throwIfAborted();
      log(`${name} is left out: ${(again as Error).message}`);
    });
  }

  async #run(server: DatabaseServer): Promise<void> {
    const { config, programs, log, onChange, stopping } = this.#around;
    stopping.throwIfAborted();
    const spec = {
      ...mysqlProcess(config, programs, server),
      onCrashLoop: () => this.#giveUp(server),
    };
    const supervisor = new Supervisor(spec, log, onChange);
    const group = server === config.primary ? this.primary : this.replicas;
    const earlier = group.findIndex(({ spec: { name } }) => name === server.name);
    group.splice(earlier < 0 ? group.length : earlier, 1, supervisor);
    await supervisor.start();
  }

  #supervisor(name: string): Supervisor | undefined {
    return [...this.primary, ...this.replicas].find(({ spec }) => spec.name === name);
  }

  /** @returns false for a server that may be the primary: it is started again in any case */
  #giveUp(server: DatabaseServer): boolean {
    const { config, log, onChange } = this.#around;
    if (findNeededServers(config).includes(server) || this.outOfUse.size >= this.#spare()) return false;
    this.outOfUse.set(server.name, FAULT_TEXTS.crashing);
    log(`${server.name} is out of use: ${FAULT_TEXTS.crashing}. The next start clones it.`);
    onChange();
    void this.#report(server.name).catch((error: unknown) => {
      log(`${server.name}: the next start will not know that: ${(error as Error).message}`);
    });
    return true;
  }

  /** For the instances, and the next start. */
  async #report(name: string): Promise<void> {
    const setup = readSetupConfig(this.#around.config);
    const root = { user: 'root', password: setup.ROOT_PASSWORD };
    const others = listServers(setup).filter((server) => server.name !== name);
    const primary = setup.GROUP
      ? await findPrimaryOfGroup(others, root)
      : (await findPrimary(others, root)).primary;
    const connection = await connectForSetup(primary.address, root);
    try {
      await reportCrashing(connection, name);
    } finally {
      connection.destroy();
    }
  }
}
