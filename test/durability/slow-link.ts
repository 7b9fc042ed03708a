import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy that delays each direction by `delayMs` and can be cut. */
export class SlowLink {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async to(targetPort: number, delayMs: number): Promise<SlowLink> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const link = new SlowLink(server);
    server.on('connection', (near) => {
      const far = connect(targetPort, '127.0.0.1');
      link.#carry(near, far, delayMs);
      link.#carry(far, near, delayMs);
    });
    return link;
  }

  #carry(from: Socket, to: Socket, delayMs: number): void {
    this.#sockets.add(from);
    const later = (work: () => void) => setTimeout(() => !to.destroyed && work(), delayMs);
    from.on('data', (chunk) => later(() => to.write(chunk)));
    from.on('end', () => later(() => to.end()));
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      later(() => to.destroy());
    });
  }

  /** Closes all connections and loses data in transit; new connections are accepted. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Drops everything and accepts no new connections. */
  cut(): void {
    this.#server.close();
    this.drop();
  }
}
