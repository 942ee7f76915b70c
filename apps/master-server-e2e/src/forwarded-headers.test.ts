import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import { WebSocket } from 'ws';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { startRawHttpUpstream, type RawHttpUpstream } from './harness/raw-http-upstream.ts';
import { legacyCall, modernRequest, openRawSession, postModern } from './harness/raw-mcp.ts';
import { openRawSseSession } from './harness/raw-sse-session.ts';
import { startRawSseUpstream } from './harness/raw-sse-upstream.ts';
import { runOmni, startOmni, writeConfiguration, type Omni } from './harness/start-omni.ts';

/**
 * What a client sends; every value with the word in it must reach nobody whose entry does not name its
 * header.
 */
const CANARY = 'canary';
const SENT = {
  'X-Tenant': 'acme-canary',
  'x-region': 'z\u00fcrich, canary',
  'x-key': 'client-canary',
  'x-other': 'canary-1',
  authorization: 'Bearer canary-2',
  cookie: 'session=canary-3',
  'proxy-authorization': 'Basic canary-4',
  'x-forwarded-for': '203.0.113.7, canary-5',
  forwarded: 'for=canary-6',
  'x-long': `canary-7${'x'.repeat(5_000)}`,
  'user-agent': 'canary-8',
};
/** Of each server: what its entry has beside its address, and what it is told. */
const SERVERS = {
  legacy: [
    { forwardHeaders: ['X-TENANT', 'X-Region', 'X-Absent', 'X-Long'] },
    { 'x-tenant': SENT['X-Tenant'], 'x-region': SENT['x-region'] },
  ],
  modern: [
    { forwardHeaders: ['x-tenant', 'x-key'], headers: { 'X-Key': 'configured' } },
    { 'x-tenant': SENT['X-Tenant'] },
  ],
  sse: [
    { type: 'sse', forwardHeaders: ['x-region', 'x-other'] },
    { 'x-region': SENT['x-region'], 'x-other': SENT['x-other'] },
  ],
  found: [{ forwardHeaders: ['X-Tenant'] }, { 'x-tenant': SENT['X-Tenant'] }],
  silent: [{}, {}],
} as const;
type ServerName = keyof typeof SERVERS;
const NAMES = Object.keys(SERVERS) as ServerName[];

let omni: Omni;
const upstreams = new Map<ServerName, RawHttpUpstream>();

beforeAll(async () => {
  upstreams.set('legacy', await startRawHttpUpstream('legacy'));
  upstreams.set('modern', await startRawHttpUpstream('modern'));
  upstreams.set('sse', await startRawSseUpstream());
  // Omni finds out that it speaks the old transport only.
  upstreams.set('found', await startRawSseUpstream());
  upstreams.set('silent', await startRawHttpUpstream('modern'));
  const mcpServers = Object.fromEntries(
    NAMES.map((name) => [name, { url: upstreams.get(name)?.url, ...SERVERS[name][0] }]),
  );
  omni = await startOmni({ server: { legacySse: true, drain: '0s' }, mcpServers });
  await omni.ready();
}, 30_000);

afterAll(endEverything);

/** What came with the POST whose body holds the mark, of what the client has sent. */
async function told(name: ServerName, mark: string): Promise<Record<string, unknown>> {
  const { bodies = [], headers = [] } = upstreams.get(name) ?? {};
  const at = await eventually('the call', () => {
    const found = bodies.findIndex((body) => body.includes(mark));
    return found < 0 ? undefined : found;
  });
  const posts = headers.filter((all) => all['content-type'] !== undefined);
  return Object.fromEntries(
    Object.entries(posts[at] ?? {}).filter(([, value]) => String(value).includes(CANARY)),
  );
}

/** Posts with headers that `fetch` keeps for itself. */
function post(url: string, body: string, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const all = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    };
    const request = httpRequest(url, { method: 'POST', headers: all }, (response) =>
      response.resume().once('end', resolve),
    );
    // With a text Node would write the headers in its encoding.
    request.once('error', reject).end(Buffer.from(body, 'utf8'));
  });
}

type Send = (server: string, mark: string) => Promise<unknown>;

const CLIENTS: Readonly<Record<string, Send>> = {
  modern: (server, mark) => {
    const name = `${server}__echo`;
    const { body, headers } = modernRequest({
      id: '1',
      method: 'tools/call',
      name,
      params: `"name":"${name}","arguments":{"m":"${mark}"}`,
    });
    return post(omni.url, body, { ...headers, ...SENT });
  },
  legacy: async (server, mark) => {
    const { headers } = await openRawSession(`${omni.url}/${server}`);
    await post(`${omni.url}/${server}`, legacyCall('1', 'echo', `{"m":"${mark}"}`), { ...headers, ...SENT });
  },
  'legacy (in a batch)': async (server, mark) => {
    const { headers } = await openRawSession(omni.url, { version: '2025-03-26' });
    await post(omni.url, `[${legacyCall('1', `${server}__echo`, `{"m":"${mark}"}`)}]`, {
      ...headers,
      ...SENT,
    });
  },
  'HTTP+SSE': async (server, mark) => {
    const session = await openRawSseSession(`${omni.origin}/sse`);
    // A header of the request for the stream says nothing about a later message.
    expect(await session.post(legacyCall('1', `${server}__echo`, `{"m":"${mark}"}`), SENT)).toBe(202);
  },
};

let marks = 0;
const newMark = (): string => `mark-${++marks}.`;

describe.each(Object.entries(CLIENTS))('a %s client', (_kind, send) => {
  it.each(NAMES)(
    'has exactly those of its headers passed on that the entry of the server "%s" names [PROTO-R23]',
    async (name) => {
      const mark = newMark();
      await send(name, mark);
      expect(await told(name, mark)).toEqual(SERVERS[name][1]);
    },
  );
});

describe('what a server is told of clients', () => {
  it('stands in no request that Omni sends by itself, nor in a later one of a client without such headers', async () => {
    const mark = newMark();
    await CLIENTS['modern']?.('modern', mark);
    const plain = newMark();
    await postModern(omni.url, {
      id: '2',
      method: 'tools/call',
      name: 'modern__echo',
      params: `"name":"modern__echo","arguments":{"m":"${plain}"}`,
    });
    expect(await told('modern', plain)).toEqual({});
    for (const { headers } of upstreams.values()) {
      const streams = headers.filter((all) => all['content-type'] === undefined);
      expect(JSON.stringify(streams)).not.toContain(CANARY);
    }
    expect(upstreams.get('modern')?.headers.filter((all) => all['x-key'] !== 'configured')).toEqual([]);
  });

  it('is nothing over a WebSocket, whose messages have no headers', async () => {
    const webSocket = new WebSocket(omni.url.replace('http', 'ws'), 'mcp', {
      headers: { 'x-tenant': SENT['X-Tenant'] },
    });
    atEnd(() => webSocket.terminate());
    await new Promise((resolve, reject) => webSocket.once('open', resolve).once('error', reject));
    const mark = newMark();
    webSocket.send(
      modernRequest({
        id: '1',
        method: 'tools/call',
        params: `"name":"legacy__echo","arguments":{"m":"${mark}"}`,
      }).body,
    );
    expect(await told('legacy', mark)).toEqual({});
  });

  it('cannot be a credential: such a configuration is refused', async () => {
    for (const name of ['Authorization', 'cookie', 'Mcp-Session-Id', 'X-Forwarded-For']) {
      const { configFile, environment } = await writeConfiguration({
        mcpServers: { a: { url: 'http://127.0.0.1:9', forwardHeaders: [name] } },
      });
      const { code, stderr } = await runOmni(
        ['serve', '--config', configFile, '--listen', '127.0.0.1:0'],
        environment,
      );
      expect(code).not.toBe(0);
      expect(stderr).toContain(`forwardHeaders.0 is never passed on`);
    }
  }, 30_000);
});
