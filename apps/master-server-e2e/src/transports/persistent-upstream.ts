import { spawn } from 'node:child_process';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { createInterface } from 'node:readline';
import { atEnd } from '../harness/end-everything.ts';
import { SCRIPTED_UPSTREAM } from '../harness/upstream-entries.ts';

export type PersistentKind = 'unix' | 'tcp' | 'ws';

/** A server on a persistent connection, in the test's own process: each connection is one scripted server. */
export interface PersistentUpstream {
  /** For `mcpServers`. */
  readonly url: string;
  /** Headers of the upgrades. */
  readonly headers: readonly IncomingHttpHeaders[];
  /** How many connections there have been. */
  readonly connections: number;
  /** Ends every open connection without a farewell. */
  breakAll(): void;
}

/** @param args - Of `scripted-upstream.mjs`. @param path - Of the Unix socket. */
export async function startPersistentUpstream(
  kind: PersistentKind,
  args: readonly string[],
  path: string,
): Promise<PersistentUpstream> {
  const open = new Set<{ destroy: () => void }>();
  const headers: IncomingHttpHeaders[] = [];
  let connections = 0;
  const serve = (wire: Duplex, destroy: () => void): void => {
    connections++;
    const entry = { destroy };
    open.add(entry);
    const child = spawn(process.execPath, [SCRIPTED_UPSTREAM, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    child.stdin.on('error', () => {});
    wire.on('error', () => {});
    wire.on('close', () => {
      open.delete(entry);
      child.kill();
    });
    child.on('exit', () => void wire.end());
    if (kind !== 'ws') {
      wire.pipe(child.stdin);
      child.stdout.pipe(wire);
      return;
    }
    // Text frames: a message is a chunk in, and a line is a message out.
    wire.on('data', (chunk: string) => child.stdin.write(`${chunk}\n`));
    createInterface({ input: child.stdout }).on('line', (line) => wire.write(line));
  };
  const server =
    kind === 'ws'
      ? createHttpServer()
      : // Only TCP can be reset; the end of a Unix socket is always in good order.
        createServer((socket) =>
          serve(socket, () => (kind === 'tcp' ? socket.resetAndDestroy() : socket.destroy())),
        );
  if (kind === 'ws') {
    const webSockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'mcp' });
    server.on('upgrade', (request, socket, head) => {
      headers.push(request.headers);
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        // Strings come and go, a message each.
        const wire = createWebSocketStream(webSocket, {
          encoding: 'utf8',
          decodeStrings: false,
          readableObjectMode: true,
        });
        // By itself it stays half open.
        webSocket.once('close', () => wire.destroy());
        serve(wire, () => webSocket.terminate());
      });
    });
  }
  await new Promise<void>((resolve) =>
    kind === 'unix' ? server.listen(path, resolve) : server.listen(0, '127.0.0.1', resolve),
  );
  const breakAll = (): void => open.forEach(({ destroy }) => destroy());
  atEnd(() => {
    breakAll();
    server.close();
  });
  // A TCP server that listens has an address with a port.
  const url =
    kind === 'unix' ? `unix:${path}` : `${kind}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    headers,
    breakAll,
    get connections() {
      return connections;
    },
  };
}
