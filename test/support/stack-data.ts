import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection, type Connection } from 'mysql2/promise';
import { readState, type RecordedProcess } from '../../tools/launcher/stack-state.ts';

/** Processes, secrets and servers of a running system, read from its VAR_DIR. */
export class StackData {
  readonly varDir: string;

  constructor(varDir: string) {
    this.varDir = varDir;
  }

  processes(): RecordedProcess[] {
    return readState(this.varDir)?.processes ?? [];
  }

  process(name: string): RecordedProcess {
    const found = this.processes().find((candidate) => candidate.name === name);
    if (!found) throw new Error(`${name} is not running`);
    return found;
  }

  /** The addresses of the instances, bypassing NGINX. */
  instanceUrls(): string[] {
    const instances = this.processes().filter(({ role }) => role === 'web');
    return instances.map(({ port }) => `http://127.0.0.1:${port}`);
  }

  async secret(name: string): Promise<string> {
    return readFile(join(this.varDir, 'secrets', name.toLowerCase()), 'utf8');
  }

  async connect(server: string, user = 'root', passwordName = 'ROOT_PASSWORD'): Promise<Connection> {
    return createConnection({
      ...(await this.address(server, user, passwordName)),
      multipleStatements: true,
    });
  }

  async address(server: string, user = 'root', passwordName = 'ROOT_PASSWORD') {
    return {
      host: '127.0.0.1',
      port: this.process(server).port!,
      user,
      password: await this.secret(passwordName),
      database: 'inventario',
    };
  }
}
