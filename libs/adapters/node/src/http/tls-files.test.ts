import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type SecureVersion } from 'node:tls';
import { silentLogger, type LogFields, type Logger } from '@omni/ports';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { accepted } from '../sockets/accepted.fixture.ts';
import { NodeHttpListener } from './http-listener.ts';

/** More than the system takes off our hands. */
const LONG = 'x'.repeat(64_000_000);
const STALL_MS = 500;
/** In large steps the system takes what a reader of this pace leaves it, and in each limit some. */
const BYTES_PER_MS = 14_000;

let folder: string;
let files: { readonly cert: string; readonly key: string };
let listener: NodeHttpListener;
let port: number;
let logged: { readonly message: string; readonly fields: LogFields }[];

/** A key and a certificate for this machine that is signed with it. */
function makePair(name: string): void {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ],
    {
      stdio: 'ignore',
    },
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-tls-'));
  files = { cert: join(folder, 'used.pem'), key: join(folder, 'used.key') };
  makePair('first');
  makePair('second');
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  await use('first');
  logged = [];
  const logger: Logger = {
    ...silentLogger,
    info: (fields, message) => logged.push({ fields, message }),
    warn: (fields, message) => logged.push({ fields, message }),
  };
  listener = new NodeHttpListener({
    handler: (exchange) => exchange.respond(200, [], exchange.path === '/long' ? LONG : 'secret'),
    writeTimeoutMs: STALL_MS,
    webSockets: {
      decide: () =>
        accepted((open) => {
          const channel = open({
            onMessage: () => void channel.send(LONG),
            onFramingError() {},
            onClose() {},
          });
        }),
      maxMessageBytes: 1_000,
      maxBacklogBytes: 100_000_000,
      writeTimeoutMs: STALL_MS,
    },
    tls: files,
    tlsReloadMs: 10,
    logger,
  });
  ({ port } = await listener.listen({ host: '127.0.0.1', port: 0 }));
});
afterEach(() => listener.drain(0));

async function use(name: string): Promise<void> {
  await copyFile(join(folder, `${name}.key`), files.key);
  await copyFile(join(folder, `${name}.pem`), files.cert);
}

/** Asks over TLS, trusting one of the pairs. */
async function ask(trusted: string): Promise<string> {
  const ca = await readFile(join(folder, `${trusted}.pem`));
  return await new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, ca, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });
}

async function loggedMessage(pattern: RegExp): Promise<LogFields> {
  for (;;) {
    const found = logged.find(({ message }) => pattern.test(message));
    if (found !== undefined) return found.fields;
    await new Promise((next) => setImmediate(next));
  }
}

/** The version that a handshake leads to, or the code of its failure. */
async function handshake(version: SecureVersion): Promise<string> {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    minVersion: version,
    maxVersion: version,
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  try {
    await once(socket, 'secureConnect');
    return socket.getProtocol() ?? 'none';
  } catch {
    return 'refused';
  } finally {
    socket.destroy();
  }
}

describe('TLS of NodeHttpListener', () => {
  it('serves HTTPS and WSS, with TLS 1.2 or newer [S002-ARC-01]', async () => {
    expect(await ask('first')).toBe('secret');
    const webSocket = new WebSocket(`wss://127.0.0.1:${port}/mcp`, ['mcp'], {
      ca: await readFile(join(folder, 'first.pem')),
    });
    await once(webSocket, 'open');
    webSocket.terminate();
    expect(await handshake('TLSv1.1')).toBe('refused');
    expect(await handshake('TLSv1.2')).toBe('TLSv1.2');
    expect(await handshake('TLSv1.3')).toBe('TLSv1.3');
  });

  it('does not convince a client that trusts another certificate', async () => {
    await expect(ask('second')).rejects.toThrow();
  });

  it('serves the new certificate when the files change, without a restart', async () => {
    await use('second');
    await loggedMessage(/was read again/);
    expect(await ask('second')).toBe('secret');
    await expect(ask('first')).rejects.toThrow();
  });

  // guard: tls/bad-certificate
  it('keeps the old certificate when the new files do not fit, says so, and takes them when they do', async () => {
    await copyFile(join(folder, 'second.pem'), files.cert);
    const { err } = await loggedMessage(/the old one stays/);
    expect(err).toMatchObject({ code: 'OMNI_TLS_INVALID' });
    expect(await ask('first')).toBe('secret');
    await copyFile(join(folder, 'second.key'), files.key);
    await loggedMessage(/was read again/);
    expect(await ask('second')).toBe('secret');
  });

  it('survives that a file is gone for a while', async () => {
    await rm(files.key);
    await loggedMessage(/the old one stays/);
    expect(await ask('first')).toBe('secret');
    await use('first');
    await loggedMessage(/was read again/);
  });

  // guard: tls/quoted-key
  it.each([
    ['is missing', (): Promise<void> => rm(files.cert)],
    ['is no PEM', (): Promise<void> => writeFile(files.key, 'canary-secret')],
    ['belongs to another key', (): Promise<void> => copyFile(join(folder, 'second.pem'), files.cert)],
  ])('does not start when a file %s, and quotes nothing of it', async (_name, spoil) => {
    await spoil();
    const other = new NodeHttpListener({ handler: () => {}, tls: files });
    const error: unknown = await other
      .listen({ host: '127.0.0.1', port: 0 })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'OMNI_TLS_INVALID', message: expect.stringContaining(folder) });
    expect(JSON.stringify(error, ['message', 'stack', 'cause'])).not.toContain('canary-secret');
  });

  it('cuts a client that speaks plain HTTP', async () => {
    await expect(fetch(`http://127.0.0.1:${port}/mcp`)).rejects.toThrow();
  });

  // guard: http/slow-tls, stall/slow-tls
  it.each([
    [
      'an answer',
      'GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n',
      (): boolean => listener.openExchanges === 0,
    ],
    // A masked text frame behind the upgrade.
    [
      'a message',
      'GET /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x82\0\0\0\0go',
      (): boolean => logged.some(({ message }) => message.includes('does not read')),
    ],
  ])(
    'leaves a client alone that reads %s slowly, and cuts it when it stops',
    async (_what, bytes, isOver) => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
      let isCut = false;
      socket.on('error', () => {});
      socket.on('close', () => (isCut = true));
      await once(socket, 'secureConnect');
      socket.write(Buffer.from(bytes, 'latin1'));
      let received = 0;
      const began = performance.now();
      // Four times the limit, plus the second that a WebSocket has for its close frame.
      for (let elapsed = 0; !isCut && elapsed < 1_000 + 4 * STALL_MS; elapsed = performance.now() - began) {
        while (received < elapsed * BYTES_PER_MS && socket.readableLength > 0) {
          // Without an encoding a socket gives buffers.
          const chunk = socket.read(Math.min(socket.readableLength, 16_384)) as Buffer;
          received += chunk.length;
        }
        await new Promise((next) => setTimeout(next, 1));
      }
      expect(isCut).toBe(false);
      expect(isOver()).toBe(false);
      while (!isOver()) await new Promise((next) => setTimeout(next, 5));
      // What the system holds for it is still there.
      socket.resume();
      let rest = 0;
      socket.on('data', (chunk: Buffer) => (rest += chunk.length));
      await once(socket, 'close');
      expect(received + rest).toBeLessThan(LONG.length);
    },
    15_000,
  );
});
