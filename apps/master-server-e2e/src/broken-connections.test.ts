import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { OmniProcess } from './bad-input/omni-process.ts';
import { differences } from './bad-input/oracle.ts';
import { TOKEN } from './bad-input/request-bytes.ts';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { legacyCall, modernRequest, openRawSession, type ModernRequest } from './harness/raw-mcp.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';
import { SeededRandom } from './isolation/seeded-random.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';

const CONNECTIONS = 1_000;
const AT_ONCE = 20;
/** Looking is a request too, and an earlier one may be about to close. */
const MEASURING_DESCRIPTORS = 3;
/** Instances of their own are processes, so few connections ask for one. */
const WITH_INSTANCE = '{"sampling":{}}';

let omni: OmniProcess;
let socketPath: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  socketPath = join(folder, 'omni.sock');
  omni = await OmniProcess.start({
    server: { legacySse: true, unixSocket: socketPath },
    limits: { sessionIdle: '2s' },
    mcpServers: { old: scriptedEntry(), new: scriptedEntry(['--era', 'modern']) },
  });
  atEnd(async () => void (await omni.stop()));
  await eventually('both servers are up', async () => {
    const states = await Promise.all(['old', 'new'].map(async (name) => (await omni.upstream(name)).state));
    return states.every((state) => state === 'ready');
  });
}, 30_000);

afterAll(endEverything, 30_000);

interface Break {
  readonly to: NetConnectOpts;
  readonly bytes: string;
  /** Milliseconds from the last byte to the reset. */
  readonly afterMs: number;
}

/** Connects, sends, waits, and breaks the connection off. */
async function breakOff({ to, bytes, afterMs }: Break): Promise<void> {
  const socket = connect(to);
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.once('connect', () => {
      socket.write(bytes);
      // Only TCP has a reset.
      setTimeout(() => ('path' in to ? socket.destroy() : socket.resetAndDestroy()), afterMs);
    });
  });
}

function http(method: string, path: string, headers: Readonly<Record<string, string>>, body = ''): string {
  const all = {
    host: `127.0.0.1:${omni.port}`,
    authorization: `Bearer ${TOKEN}`,
    ...(body === ''
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  return `${method} ${path} HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`;
}

function modern(request: ModernRequest): string {
  const { headers, body } = modernRequest(request);
  return http('POST', '/mcp', { accept: 'application/json, text/event-stream', ...headers }, body);
}

function initialize(capabilities: string): string {
  return `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":${capabilities},"clientInfo":{"name":"raw","version":"1"}}}`;
}

async function legacyCallCutOff(random: SeededRandom, serial: number, here: NetConnectOpts): Promise<void> {
  // Connections that are kept for another request would be counted as left behind.
  const headers = { authorization: `Bearer ${TOKEN}`, connection: 'close' };
  const capabilities = serial % 40 === 0 ? WITH_INSTANCE : '{}';
  const session = await openRawSession(`http://127.0.0.1:${omni.port}/mcp`, { headers, capabilities });
  const accept = { accept: 'application/json, text/event-stream' };
  const call = http(
    'POST',
    '/mcp',
    { ...session.headers, ...accept },
    legacyCall('1', 'old__slow', '{"ms":60}'),
  );
  const stream = http('GET', '/mcp', { ...session.headers, accept: 'text/event-stream' });
  await Promise.all([call, stream].map((bytes) => breakOff({ to: here, bytes, afterMs: random.below(40) })));
}

/** One connection of one of nine kinds that breaks off. */
async function lose(serial: number): Promise<void> {
  const random = new SeededRandom(serial);
  const here = { host: '127.0.0.1', port: omni.port };
  const afterMs = random.below(40);
  const call = modern({
    id: '1',
    method: 'tools/call',
    name: 'old__never',
    params: '"name":"old__never","arguments":{}',
  });
  const lines = (capabilities: string): string =>
    `${initialize(capabilities)}\n${legacyCall('1', 'old__never')}\n`;
  const upgrade = http('GET', '/mcp', {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-protocol': 'mcp',
  });
  switch (serial % 9) {
    case 0:
      return await breakOff({ to: here, bytes: call, afterMs });
    case 1:
      return await breakOff({ to: here, bytes: call.replaceAll('old__', 'new__'), afterMs });
    case 2:
      return await breakOff({ to: here, bytes: call.slice(0, random.below(call.length)), afterMs });
    case 3: {
      const params = '"notifications":{"toolsListChanged":true}';
      return await breakOff({
        to: here,
        bytes: modern({ id: '1', method: 'subscriptions/listen', params }),
        afterMs,
      });
    }
    case 4:
      return await legacyCallCutOff(random, serial, here);
    case 5:
      return await breakOff({
        to: here,
        bytes: http('GET', '/sse', { accept: 'text/event-stream' }),
        afterMs,
      });
    case 6:
      // The header of a frame of 100 bytes, and a few of these.
      return await breakOff({ to: here, bytes: `${upgrade}\u0081\u007f`, afterMs });
    case 7:
      return await breakOff({
        to: { path: socketPath },
        bytes: lines(serial % 40 === 7 ? WITH_INSTANCE : '{}'),
        afterMs,
      });
    default:
      return await breakOff({
        to: { path: socketPath },
        bytes: lines('{}').slice(0, random.below(200)),
        afterMs,
      });
  }
}

async function loseMany(first: number, count: number): Promise<void> {
  let next = first;
  const work = async (): Promise<void> => {
    while (next < first + count) await lose(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

describe('connections that break off', () => {
  it(`leave nothing behind, ${CONNECTIONS} of nine kinds [PROTO-R29, S002-TR-04]`, async () => {
    const { children } = await omni.measure();
    // What opens once and stays, such as pools, is open after these.
    await loseMany(10_000, 2 * AT_ONCE);
    let before = await omni.measure();
    await eventually('the first connections are forgotten', async () => {
      before = await omni.measure();
      return (
        before.sessions === 0 && before.inFlight === 0 && before.listens === 0 && before.children === children
      );
    });
    await loseMany(0, CONNECTIONS);
    const during = await omni.measure();
    let left: readonly string[] = [];
    await eventually(
      'everything is forgotten',
      async () => {
        left = differences(
          { ...before, descriptors: before.descriptors + MEASURING_DESCRIPTORS },
          await omni.measure(),
        );
        return left.length === 0;
      },
      20_000,
    ).catch(() => {});
    // Sessions outlive their connections over HTTP, so the end would prove nothing if none had been there.
    expect(during.sessions).toBeGreaterThan(0);
    expect(omni.isAlive()).toBe(true);
    expect(left).toEqual([]);
    expect(omni.log()).not.toMatch(/"level":"(?:error|fatal)"/);
  }, 60_000);
});
