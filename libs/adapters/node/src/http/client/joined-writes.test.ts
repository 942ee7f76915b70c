import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { joinWrites } from './joined-writes.ts';

const HEAD = 'POST / HTTP/1.1\r\nx: \u00fc\r\n\r\n';
const opened: (Server | Socket)[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse())
    if ('destroy' in one) one.destroy();
    else await new Promise((resolve) => one.close(resolve));
});

/** A socket whose writes are joined: what reaches the stream, and what reaches the other end. */
async function joined() {
  const received: Buffer[] = [];
  const server = createServer((other) => {
    opened.push(other);
    other.on('data', (chunk) => received.push(chunk));
  }).listen(0, '127.0.0.1');
  opened.push(server);
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  opened.push(socket);
  await once(socket, 'connect');
  const writes: unknown[] = [];
  const write = socket.write.bind(socket);
  socket.write = ((...args: Parameters<Socket['write']>) => {
    writes.push(args[0]);
    return write(...args);
  }) as typeof socket.write;
  joinWrites(socket);
  const text = async (): Promise<string> => {
    const over = once(
      opened.find((one): one is Socket => one !== socket && 'remotePort' in one)!,
      'end',
    );
    socket.end();
    await over;
    return Buffer.concat(received).toString('latin1');
  };
  return { socket, writes, text };
}

describe('joinWrites', () => {
  it.each([1, 8_192, 8_193, 100_000])('sends head and a body of %i bytes in order', async (length) => {
    const { socket, writes, text } = await joined();
    const body = Buffer.alloc(length, 'b');
    socket.cork();
    socket.write(HEAD, 'latin1');
    socket.write(body);
    socket.uncork();
    expect(writes).toHaveLength(length > 8_192 ? 2 : 1);
    expect((await text()) === HEAD + body.toString('latin1')).toBe(true);
  });

  it('sends what is written while corked and fits no other way', async () => {
    const { socket, text } = await joined();
    for (const chunks of [[HEAD], [HEAD, 'a', 'b'], ['é', Buffer.from('c')], [HEAD, Buffer.from('d'), 'e']]) {
      socket.cork();
      for (const chunk of chunks) socket.write(chunk, 'latin1');
      socket.uncork();
    }
    socket.write('end', 'latin1');
    expect(await text()).toBe(`${HEAD}${HEAD}abéc${HEAD}deend`);
  });
});
