import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { errorOf, postModern, type RawAnswer } from './harness/raw-mcp.ts';
import { rawAnswer } from './harness/raw-http-upstream.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

const KINDS = ['http', 'tcp', 'ws'] as const;
type Kind = (typeof KINDS)[number];

/** Takes connections, and answers nothing while it is deaf; what it is sent then stays unread. */
interface DeafServer {
  readonly url: string;
  readonly connections: number;
  setDeaf(isDeaf: boolean): void;
}

let omni: Omni;
const never: Partial<Record<Kind, DeafServer>> = {};
const later: Partial<Record<Kind, DeafServer>> = {};

async function startDeafServer(kind: Kind, isDeafAtFirst: boolean): Promise<DeafServer> {
  let isDeaf = isDeafAtFirst;
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = kind === 'tcp' ? createServer((socket) => serveLines(socket)) : createHttpServer();
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    // Behind those who read from it.
    if (isDeaf) process.nextTick(() => socket.pause());
  });
  if (kind === 'http')
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        const answer = isDeaf || body === '' ? undefined : rawAnswer(body, 'modern');
        if (answer !== undefined) response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
        else if (!isDeaf) response.writeHead(202).end();
      });
    });
  if (kind === 'ws' && !isDeafAtFirst)
    new WebSocketServer({ server: server as ReturnType<typeof createHttpServer> }).on(
      'connection',
      (webSocket) =>
        // Text frames come as a Buffer.
        webSocket.on('message', (data: Buffer) => {
          const answer = rawAnswer(data.toString(), 'modern');
          if (answer !== undefined) webSocket.send(answer);
        }),
    );
  if (kind === 'ws' && isDeafAtFirst) server.on('upgrade', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    // A TCP server that listens has an address with a port.
    url: `${kind}://127.0.0.1:${(server.address() as AddressInfo).port}${kind === 'tcp' ? '' : '/mcp'}`,
    get connections() {
      return connections;
    },
    setDeaf(value) {
      isDeaf = value;
      for (const socket of sockets) {
        if (value) socket.pause();
        else socket.resume();
      }
    },
  };
}

function serveLines(socket: Socket): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const answer = rawAnswer(line, 'modern');
      if (answer !== undefined) socket.write(`${answer}\n`);
    }
  });
}

beforeAll(async () => {
  const mcpServers: Record<string, unknown> = { fine: scriptedEntry(['--era', 'modern']) };
  for (const kind of KINDS) {
    const [deaf, server] = await Promise.all([startDeafServer(kind, true), startDeafServer(kind, false)]);
    never[kind] = deaf;
    later[kind] = server;
    mcpServers[`never-${kind}`] = {
      url: deaf.url,
      connectTimeout: '1s',
      callTimeout: '1s',
      protocol: '2026-07-28',
      critical: false,
    };
    mcpServers[`later-${kind}`] = {
      url: server.url,
      connectTimeout: '5s',
      callTimeout: '1s',
      protocol: '2026-07-28',
    };
  }
  omni = await startOmni({ mcpServers });
  await omni.ready();
}, 30_000);

afterAll(endEverything);

async function call(server: string, tool: string): Promise<RawAnswer> {
  const name = `${server}__${tool}`;
  return await postModern(omni.url, {
    id: '1',
    method: 'tools/call',
    name,
    params: `"name":"${name}","arguments":{}`,
  });
}

describe('a server that takes connections and answers nothing', () => {
  it.each(KINDS)(
    'over %s is given up in time and tried again, and costs nobody else anything',
    async (kind) => {
      await eventually('it is given up', async () => {
        // Everybody is told the details here.
        const page = (await (await fetch(`${omni.origin}/health/ready`)).json()) as {
          details: Record<string, { lastError?: { code: string } }>;
        };
        return page.details[`upstream:never-${kind}`]?.lastError?.code === 'OMNI_UPSTREAM_TIMEOUT';
      });
      await eventually('it is tried again', () => (never[kind]?.connections ?? 0) >= 2, 10_000);
      expect(errorOf((await call('fine', 'echo')).messages[0])).toBeUndefined();
    },
  );

  it.each(KINDS)(
    'over %s after it has answered fails its calls in time, and serves again when it reads on',
    async (kind) => {
      const server = `later-${kind}`;
      expect(errorOf((await call(server, 'echo')).messages[0])).toBeUndefined();
      later[kind]?.setDeaf(true);
      const began = performance.now();
      const failures = await Promise.all(
        [1, 2, 3].map(async () => errorOf((await call(server, 'echo')).messages[0])?.cause),
      );
      expect(failures).toEqual(Array.from({ length: 3 }, () => 'OMNI_UPSTREAM_TIMEOUT'));
      expect(performance.now() - began).toBeLessThan(5_000);
      expect(errorOf((await call('fine', 'echo')).messages[0])).toBeUndefined();
      later[kind]?.setDeaf(false);
      await eventually(
        'it serves again',
        async () => errorOf((await call(server, 'echo')).messages[0]) === undefined,
        10_000,
      );
    },
  );
});
