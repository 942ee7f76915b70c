import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { atEnd } from './end-everything.ts';

/** A network between a client and a server that a test can break. */
export interface CuttingProxy {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Breaks every connection. New ones are let through. */
  cut(): void;
  /** Breaks every connection, and new ones too until {@link mend}. */
  sever(): void;
  mend(): void;
}

/** @param target - Origin of the server. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const port = Number(new URL(target).port);
  const sockets = new Set<Socket>();
  let isSevered = false;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    if (isSevered) return void client.destroy();
    const upstream = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    cut();
    server.close();
  });
  return {
    // A TCP server that listens has an address with a port.
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    sever: () => {
      isSevered = true;
      cut();
    },
    mend: () => {
      isSevered = false;
    },
  };
}
