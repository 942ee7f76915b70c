import type { OpenChannel } from '@omni/ports';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { atEnd } from '../harness/end-everything.ts';

/**
 * Serves a server of this process on TCP, one message a line; gives the URL for its entry. It ends with the
 * test file.
 */
export async function serveLines(open: OpenChannel): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const channel = open({
      onMessage: (text) => void socket.write(`${text}\n`),
      onFramingError() {},
      onClose: () => void socket.end(),
    });
    let rest = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) channel.send(line);
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // A TCP server that listens has an address with a port.
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
