import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as compose from 'docker-compose';
import { createConnection, type Connection } from 'mysql2/promise';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { findFreePorts } from '../support/stack.ts';

const run = promisify(execFile);

export const PROJECT = 'inventario-test';
export const BASE_FILES = ['docker-compose.yml'];
export const SCALED_FILES = ['docker-compose.yml', 'compose.scale.yml'];
export const GROUP_FILES = ['docker-compose.yml', 'compose.group.yml'];

/** Published ports by their names in .env, relative to the first free port. */
const PORT_OFFSETS = {
  HTTP_PORT: 0,
  PHPMYADMIN_PORT: 1,
  MYSQL_PORT: 11,
  MYSQL_REPLICA_PORT: 12,
  MYSQL_REPLICA_2_PORT: 13,
  MYSQL_REPLICA_3_PORT: 14,
};

export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run('docker', args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** The project's unchanged Compose files, on separate ports and volumes. */
export class Deployment {
  readonly firstPort: number;
  files = BASE_FILES;
  env: Record<string, string>;

  private constructor(firstPort: number) {
    this.firstPort = firstPort;
    this.env = Object.fromEntries(
      Object.entries(PORT_OFFSETS).map(([name, offset]) => [name, String(firstPort + offset)]),
    );
    this.env.COMPOSE_PROJECT_NAME = PROJECT;
    this.env.HTTP_ADDRESS = '127.0.0.1';
  }

  static async create(): Promise<Deployment> {
    return new Deployment(await findFreePorts());
  }

  get url(): string {
    return `http://127.0.0.1:${this.env.HTTP_PORT}`;
  }

  get phpMyAdminUrl(): string {
    return `http://127.0.0.1:${this.env.PHPMYADMIN_PORT}`;
  }

  get options() {
    return { cwd: PROJECT_DIR, config: this.files, env: { ...process.env, ...this.env } };
  }

  /** `docker compose up --build -d --wait` */
  async up(options: string[] = []): Promise<void> {
    const commandOptions = ['--build', '--wait', ...options];
    await failingWithOutput(compose.upAll({ ...this.options, commandOptions }));
  }

  async logs(service: string): Promise<string> {
    return (await compose.logs(service, this.options)).out;
  }

  async containerId(service: string): Promise<string> {
    return docker('ps', '--all', '--quiet', '--filter', `name=^${PROJECT}-${service}-1$`);
  }

  async connect(portName: string): Promise<Connection> {
    return createConnection({
      host: '127.0.0.1',
      port: Number(this.env[portName]),
      user: 'root',
      password: await this.rootPassword(),
      database: 'inventario',
    });
  }

  async rootPassword(): Promise<string> {
    return (await compose.exec('db', ['cat', '/secrets/database/root_password'], this.options)).out.trim();
  }
}

/** docker-compose rejects with a plain object; this throws an Error with Docker's output. */
export async function failingWithOutput<T>(running: Promise<T>): Promise<T> {
  return running.catch((result: unknown) => {
    const { err, out } = result as { err?: string; out?: string };
    throw new Error(err ?? out ?? 'Docker Compose failed without output');
  });
}
