import { connect, type Socket } from 'node:net';

/** Sends bytes that no HTTP library would. */
export class RawConnection {
  readonly socket: Socket;
  received = '';
  readonly ended: Promise<void>;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    // A reset also ends the connection.
    this.socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  /** 0 without a response. */
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

/** Sends `bytes` and waits until the server closes the connection. */
export async function exchange(port: number, bytes: string | Buffer): Promise<RawConnection> {
  const connection = new RawConnection(port).send(bytes);
  await connection.ended;
  return connection;
}
