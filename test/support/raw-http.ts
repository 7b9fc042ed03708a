import { connect, type Socket } from 'node:net';

/** A connection whose bytes the test chooses itself: what no HTTP library would send. */
export class RawConnection {
  readonly socket: Socket;
  received = '';
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    // A reset is an end, too.
    this.socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  /** The status of the answer, 0 if there is none. */
  get status(): number {
    return Number(/^HTTP\/1\.[01] (\d{3})/.exec(this.received)?.[1] ?? 0);
  }

  get headers(): Record<string, string> {
    const [head = ''] = this.received.split('\r\n\r\n');
    const lines = head.split('\r\n').slice(1);
    return Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Sends `bytes` and gives what came until the server ended the connection. */
export async function exchange(port: number, bytes: string | Buffer): Promise<RawConnection> {
  const connection = new RawConnection(port).send(bytes);
  await connection.ended;
  return connection;
}
