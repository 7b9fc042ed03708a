import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A line between two machines: everything takes `delayMs` in each direction, and it can be cut. */
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

  /** Loses all that is on its way, with the connections; new ones can be made. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Nothing comes through any more, what is on its way included. */
  cut(): void {
    this.#server.close();
    this.drop();
  }
}
