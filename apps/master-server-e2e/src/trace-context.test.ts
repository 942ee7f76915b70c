import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { startRawHttpUpstream, type RawHttpUpstream } from './harness/raw-http-upstream.ts';
import { legacyCall, openRawSession, postModern } from './harness/raw-mcp.ts';
import { startRawSseUpstream } from './harness/raw-sse-upstream.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const OTHER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
const HEADERS = { traceparent: TRACEPARENT, tracestate: 'vendor=1', baggage: 'user=ada' };

let omni: Omni;
let record: string;
const http: { [server in 'legacy' | 'modern' | 'sse']?: RawHttpUpstream } = {};

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  record = join(folder, 'record');
  http.legacy = await startRawHttpUpstream('legacy');
  http.modern = await startRawHttpUpstream('modern');
  http.sse = await startRawSseUpstream();
  const mcpServers = {
    stdio: scriptedEntry(['--record', record]),
    legacy: { type: 'http', url: http.legacy.url, headers: { 'x-static': '1' } },
    modern: { type: 'http', url: http.modern.url },
    sse: { type: 'sse', url: http.sse.url },
  };
  omni = await startOmni({ mcpServers });
  await omni.ready();
}, 30_000);

afterAll(endEverything);

interface Arrived {
  /** The line or body, as it came. */
  readonly text: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** What reached a server of the call with this mark. */
async function arrived(server: 'stdio' | 'legacy' | 'modern' | 'sse', mark: string): Promise<Arrived> {
  const texts =
    server === 'stdio' ? (await readFile(record, 'utf8')).split('\n') : (http[server]?.bodies ?? []);
  const at = texts.findIndex((line) => line.includes(mark));
  const text = texts[at] ?? '{}';
  // What Omni sends is JSON-RPC. A legacy server gets POSTs besides others, so its headers are counted among
  // those with a body.
  const { params } = JSON.parse(text) as { params?: { _meta?: Record<string, unknown> } };
  const posts =
    server === 'stdio'
      ? []
      : (http[server]?.headers ?? []).filter((headers) => headers['content-type'] !== undefined);
  const { traceparent, tracestate, baggage } = posts[at] ?? {};
  return { text, meta: params?._meta ?? {}, headers: { traceparent, tracestate, baggage } };
}

type Send = (server: string, mark: string, headers: Record<string, string>, meta?: string) => Promise<void>;

const CLIENTS: Readonly<Record<string, Send>> = {
  modern: async (server, mark, headers, meta = '') => {
    const name = `${server}__echo`;
    await postModern(
      omni.url,
      { id: '1', method: 'tools/call', name, params: `"name":"${name}","arguments":{"m":"${mark}"}`, meta },
      { headers },
    );
  },
  legacy: async (server, mark, headers, meta = '') => {
    const session = await openRawSession(omni.url);
    await session.send(
      legacyCall('1', `${server}__echo`, `{"m":"${mark}"}`, meta === '' ? '' : `{${meta}}`),
      { headers },
    );
  },
};

let marks = 0;
const newMark = (): string => `mark-${++marks}.`;

describe.each(Object.entries(CLIENTS))('the trace context of a %s client', (_era, send) => {
  it.each(['stdio', 'legacy', 'modern', 'sse'] as const)(
    'goes on to the server "%s" [S002-DG-01] [S003-LG-05]',
    async (server) => {
      const mark = newMark();
      await send(server, mark, HEADERS);
      const { meta, headers } = await arrived(server, mark);
      expect(meta).toMatchObject(HEADERS);
      if (server !== 'stdio') expect(headers).toEqual(HEADERS);
    },
  );

  it.each(['legacy', 'modern', 'sse'] as const)(
    'is what it has put into the metadata, for "%s", whatever the headers say',
    async (server) => {
      const mark = newMark();
      await send(server, mark, HEADERS, `"traceparent":"${OTHER}","com.example/x":1.0`);
      const { meta, headers, text } = await arrived(server, mark);
      expect(meta['traceparent']).toBe(OTHER);
      expect(meta['tracestate']).toBeUndefined();
      expect(meta['baggage']).toBe('user=ada');
      expect(headers).toEqual({ traceparent: OTHER, tracestate: undefined, baggage: 'user=ada' });
      expect(text).toContain('"com.example/x":1.0');
    },
  );

  it.each(['stdio', 'legacy', 'modern', 'sse'] as const)(
    'adds nothing for "%s" when it is not valid or not there',
    async (server) => {
      const [invalid, none] = [newMark(), newMark()];
      await send(server, invalid, {
        traceparent: `${TRACEPARENT}-x`,
        tracestate: 'vendor=1',
        baggage: 'none',
      });
      await send(server, none, {});
      const [first, second] = [await arrived(server, invalid), await arrived(server, none)];
      const nothing = { traceparent: undefined, tracestate: undefined, baggage: undefined };
      expect(first.headers).toEqual(nothing);
      expect(second.headers).toEqual(nothing);
      // Byte for byte the same request, but for the mark and the id.
      const plain = ({ text }: Arrived, mark: string): string =>
        text.replace(mark, '').replace(/"id":"?\d+"?,/, '');
      expect(plain(first, invalid)).toBe(plain(second, none));
    },
  );

  it('lets nothing into headers that is none of it', async () => {
    const mark = newMark();
    await send(
      'modern',
      mark,
      {},
      `"traceparent":"${TRACEPARENT}\\r\\nx-evil: 1","baggage":"a=b\\r\\nx-evil: 1"`,
    );
    const { headers, meta } = await arrived('modern', mark);
    expect(headers).toEqual({});
    expect(meta['baggage']).toBe('a=b\r\nx-evil: 1');
    expect(http.modern?.headers.filter((all) => 'x-evil' in all)).toEqual([]);
  });
});

describe('the trace context of a request without parameters', () => {
  it.each(['stdio', 'legacy', 'sse'] as const)(
    'goes on to the server "%s" in parameters of its own',
    async (server) => {
      const mark = newMark();
      const session = await openRawSession(`${omni.url}/${server}`);
      await session.send(`{"jsonrpc":"2.0","id":1,"method":"vendor/${mark}"}`, { headers: HEADERS });
      const { text, meta, headers } = await arrived(server, mark);
      expect(meta).toEqual(HEADERS);
      if (server !== 'stdio') expect(headers).toEqual(HEADERS);
      const plain = newMark();
      await session.send(`{"jsonrpc":"2.0","id":2,"method":"vendor/${plain}"}`);
      expect((await arrived(server, plain)).text).not.toContain('params');
      expect(text).toContain(
        `"params":{"_meta":{"traceparent":"${TRACEPARENT}","tracestate":"vendor=1","baggage":"user=ada"}}`,
      );
    },
  );
});
