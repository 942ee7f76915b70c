import { once } from 'node:events';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, type Socket } from 'node:net';
import { GatewayError, type Principal, type Refusal, type RequestFacts } from '@omni/ports';
import type { Authentication } from '@omni/protocol';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type HttpGateway, startHttpGateway } from './http-gateway.ts';
import { parseConfigurationText } from './node-configuration.ts';

const OWNER: Principal = { id: 'owner', kind: 'token' };
const REFUSAL: Refusal = {
  error: new GatewayError('OMNI_AUTH_REQUIRED', 'This token has ended'),
  challenge: 'Bearer realm="elsewhere"',
};
const BODY_BYTES = 3_000_000;
/** What Node takes off a socket while nobody reads: its own buffer, and one chunk on top. */
const BUFFER_BYTES = 256 * 1024;

/** Knows `Bearer known` at once; a test answers for everybody else. */
class SlowAuthentication implements Authentication {
  readonly asked: { readonly facts: RequestFacts; readonly answer: (answer: Principal | Refusal) => void }[] =
    [];

  authenticate(facts: RequestFacts): Principal | Promise<Principal | Refusal> {
    if (facts.header('authorization') === 'Bearer known') return OWNER;
    return new Promise((answer) => this.asked.push({ facts, answer }));
  }
}

/** A client on the bare socket. */
class RawClient {
  readonly socket: Socket;
  text = '';

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setEncoding('latin1');
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: string) => (this.text += chunk));
  }

  async receives(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) await turn();
    return this.text;
  }
}

function turn(): Promise<void> {
  return new Promise((next) => setImmediate(next));
}

let authentication: SlowAuthentication;
let gateway: HttpGateway;
let accepted: Socket[];
const clients: RawClient[] = [];

function onAccepted(message: unknown): void {
  // The channel `net.server.socket` tells of each connection in this shape.
  accepted.push((message as { socket: Socket }).socket);
}

beforeEach(async () => {
  accepted = [];
  subscribe('net.server.socket', onAccepted);
  authentication = new SlowAuthentication();
  gateway = await startHttpGateway({
    configuration: parseConfigurationText('server: { legacySse: true }', 'omni.yaml', {}),
    environment: {},
    listen: '127.0.0.1:0',
    logLevel: 'silent',
    authentication,
  });
});

afterEach(async () => {
  unsubscribe('net.server.socket', onAccepted);
  for (const { socket } of clients.splice(0)) socket.destroy();
  await gateway.stop({ deadlineMs: 0 });
});

function client(): RawClient {
  const opened = new RawClient(Number(new URL(gateway.url).port));
  clients.push(opened);
  return opened;
}

function headOf(target: string, token: string, more = ''): string {
  return `${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`;
}

function postOf(token: string, length: number): string {
  const accept = 'Accept: application/json, text/event-stream\r\n';
  return headOf(
    'POST /mcp',
    token,
    `Content-Type: application/json\r\n${accept}Content-Length: ${length}\r\n`,
  );
}

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

const INGRESSES: readonly (readonly [string, string])[] = [
  ['a request', postOf('slow', BODY_BYTES)],
  ['an upgrade', headOf('GET /mcp', 'slow', UPGRADE)],
  ['a stream of HTTP+SSE', headOf('GET /sse', 'slow', 'Accept: text/event-stream\r\n')],
  ['a health page', headOf('GET /health/live', 'slow')],
];

async function untilAsked(count: number): Promise<void> {
  while (authentication.asked.length < count) await turn();
}

function authenticating(): unknown {
  const protocol = gateway.server.readiness().components.find(({ name }) => name === 'protocol');
  return protocol?.details?.['authenticating'];
}

async function untilNobodyWaits(): Promise<void> {
  while (authenticating() !== 0) await turn();
}

describe('a gateway whose authentication takes time', () => {
  it('reads nothing of a body beyond what Node has buffered, and all of it once the principal is known', async () => {
    const sender = client();
    sender.socket.write(postOf('slow', BODY_BYTES));
    sender.socket.write(' '.repeat(BODY_BYTES));
    await untilAsked(1);
    // Long enough for all of it: see what comes when somebody reads.
    await new Promise((next) => setTimeout(next, 200));
    const [server] = accepted;
    expect(server?.bytesRead).toBeGreaterThan(0);
    expect(server?.bytesRead).toBeLessThan(BUFFER_BYTES);
    expect(sender.text).toBe('');
    authentication.asked[0]?.answer(OWNER);
    await sender.receives(/^HTTP\/1\.1 400 [^]*OMNI_JSON_INVALID/);
    expect(server?.bytesRead).toBeGreaterThan(BODY_BYTES);
  });

  it('does not ask for the body of a client that waits to be asked', async () => {
    const sender = client();
    sender.socket.write(postOf('slow', 2).replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'));
    await untilAsked(1);
    await turn();
    expect(sender.text).toBe('');
    authentication.asked[0]?.answer(OWNER);
    await sender.receives(/^HTTP\/1\.1 100 Continue\r\n/);
  });

  it('keeps the order of pipelined requests', async () => {
    const sender = client();
    sender.socket.write(headOf('GET /health/live', 'slow') + headOf('GET /mcp', 'known'));
    await untilAsked(1);
    await turn();
    expect(sender.text).toBe('');
    authentication.asked[0]?.answer(OWNER);
    const text = await sender.receives(/HTTP\/1\.1 405 /);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 405']);
  });

  it('reads no frame of a client that waits for its upgrade, and all of them then', async () => {
    const sender = client();
    sender.socket.write(headOf('GET /mcp', 'slow', UPGRADE));
    // A masked text frame of 126 or more bytes; whatever it says is answered.
    const frame = Buffer.concat([
      Buffer.from([0x81, 0xfe, 0x7f, 0xff, 0, 0, 0, 0]),
      Buffer.alloc(32_767, 32),
    ]);
    for (let count = 0; count < 90; count++) sender.socket.write(frame);
    await untilAsked(1);
    await new Promise((next) => setTimeout(next, 200));
    const [server] = accepted;
    expect(server?.bytesRead).toBeLessThan(BUFFER_BYTES);
    expect(sender.text).toBe('');
    authentication.asked[0]?.answer(OWNER);
    await sender.receives(/^HTTP\/1\.1 101 /);
    while ((server?.bytesRead ?? 0) < 90 * frame.length) await turn();
  });

  it.each(INGRESSES)('shows the authentication where %s comes from', async (_name, head) => {
    const sender = client();
    sender.socket.write(head);
    await untilAsked(1);
    const { listener, peerAddress, peerCertificate } = authentication.asked[0]?.facts ?? {};
    expect(listener).toEqual({ kind: 'http', host: '127.0.0.1', port: sender.socket.remotePort });
    expect(peerAddress).toBe('127.0.0.1');
    expect(peerCertificate).toBeUndefined();
  });

  it.each(INGRESSES.slice(0, 3))('refuses %s with the challenge of the refusal', async (_name, head) => {
    const sender = client();
    sender.socket.write(head);
    await untilAsked(1);
    authentication.asked[0]?.answer(REFUSAL);
    const text = await sender.receives(/OMNI_AUTH_REQUIRED/);
    expect(text).toMatch(/^HTTP\/1\.1 401 [^]*WWW-Authenticate: Bearer realm="elsewhere"\r\n/);
  });

  it.each(INGRESSES)('forgets %s when its client goes', async (_name, head) => {
    const sender = client();
    sender.socket.write(head);
    await untilAsked(1);
    expect(authenticating()).toBe(1);
    sender.socket.end();
    await untilNobodyWaits();
    const [server] = accepted;
    if (server?.closed === false) await once(server, 'close');
    authentication.asked[0]?.answer(OWNER);
    await turn();
    expect(sender.text).not.toMatch(/ 101 | 200 /);
  });

  it.each(INGRESSES.slice(0, 3))('refuses %s when it stops', async (_name, head) => {
    const sender = client();
    sender.socket.write(head);
    await untilAsked(1);
    const stopped = gateway.stop({ deadlineMs: 5_000 });
    await sender.receives(/^HTTP\/1\.1 503 [^]*OMNI_SHUTTING_DOWN/);
    await stopped;
    expect(authenticating()).toBe(0);
  });

  it('shows a health page without its details when it stops', async () => {
    const sender = client();
    sender.socket.write(headOf('GET /health/live', 'slow'));
    await untilAsked(1);
    const stopped = gateway.stop({ deadlineMs: 5_000 });
    expect(await sender.receives(/\r\n\r\n\{.*\}$/)).not.toContain('"details"');
    await stopped;
  });
});
