import type { RpcMessage } from '@omni/jsonrpc';
import { internalCall } from '@omni/model';
import { GatewayError, type UpstreamTransport } from '@omni/ports';
import {
  RecordingCall,
  ScriptedHttpClient,
  upstreamSpecOf,
  VirtualClock,
  type ScriptedExchange,
} from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { connectionContextOf, credentialsOf } from './connection/connection-context.fixture.ts';
import { connect } from './connect.ts';
import type { OpenConnection } from './connection/open-connection.ts';

const STREAM_URL = 'http://up.test/sse';
const MESSAGES_URL = 'http://up.test/messages?sessionId=1';
const INITIALIZED =
  '{"protocolVersion":"2024-11-05","capabilities":{},"serverInfo":{"name":"s","version":"1"}}';

type Refuse = (post: ScriptedExchange) => void;

/** A server of the transport HTTP+SSE. @param refuse - What it says to posts to the address of its stream. */
function sseServer(
  refuse: Refuse,
  onInitialize: (stream: ScriptedExchange, id: unknown) => void = initialized,
  callStatus = 202,
): ScriptedHttpClient {
  let stream: ScriptedExchange | undefined;
  return new ScriptedHttpClient((exchange) => {
    const { method, url } = exchange.request;
    if (method === 'GET') {
      stream = exchange;
      exchange.stream();
      exchange.data('event: endpoint\ndata: /messages?sessionId=1\n\n');
    } else if (url === STREAM_URL) refuse(exchange);
    else {
      const status = exchange.member('method') === 'tools/call' ? callStatus : 202;
      exchange.respond(status, '', '');
      if (stream === undefined || status !== 202) return;
      if (exchange.member('method') === 'initialize') onInitialize(stream, exchange.member('id'));
      else if (exchange.member('id') !== undefined)
        stream.event(`{"jsonrpc":"2.0","id":${String(exchange.member('id'))},"result":{"content":[]}}`);
    }
  });
}

function initialized(stream: ScriptedExchange, id: unknown): void {
  stream.event(`{"jsonrpc":"2.0","id":${String(id)},"result":${INITIALIZED}}`);
}

function start(
  http: ScriptedHttpClient | undefined,
  kind: 'http' | 'sse' = 'http',
  protocol: 'auto' | 'legacy' | '2026-07-28' = 'auto',
) {
  const clock = new VirtualClock();
  const transport: UpstreamTransport = { kind, url: STREAM_URL, headers: {} };
  const spec = upstreamSpecOf(transport, { protocol });
  const closed: GatewayError[] = [];
  const attempt: { connection?: OpenConnection; error?: GatewayError } = {};
  const context = connectionContextOf(clock, { http });
  const abort = connect(
    {
      spec,
      context,
      credentials: credentialsOf(spec, context),
      events: {
        onClosed: (_link, reason) => closed.push(reason),
        onListsChanged() {},
        onResourceUpdated: () => false,
        onReinitialized() {},
      },
      binding: undefined,
      onReport() {},
      era: undefined,
    },
    (result) => {
      if (result instanceof GatewayError) attempt.error = result;
      else attempt.connection = result;
    },
  );
  return { clock, attempt, abort, closed, spec };
}

const NOT_FOUND = (status: number): Refuse => {
  return (post) => post.respond(status, 'text/plain', 'Cannot POST /sse');
};

describe('connect to a server of HTTP+SSE', () => {
  it.each<[string, Refuse]>([
    ['400', NOT_FOUND(400)],
    ['404', NOT_FOUND(404)],
    ['405', NOT_FOUND(405)],
    [
      '405 with an error',
      (post) => post.json(405, '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}'),
    ],
    [
      '400 with an error for the request',
      (post) =>
        post.json(
          400,
          `{"jsonrpc":"2.0","id":${JSON.stringify(post.member('id'))},"error":{"code":-32600,"message":"no"}}`,
        ),
    ],
  ])('falls back to it when requests are answered by %s', async (_what, refuse) => {
    const http = sseServer(refuse);
    const { attempt, clock } = start(http);
    await clock.advanceAsync(0);
    expect(attempt.error).toBeUndefined();
    expect(attempt.connection?.era).toBe('legacy');
    expect(http.exchanges.map(({ request: { method, url } }) => `${method} ${url}`)).toEqual([
      `POST ${STREAM_URL}`,
      `POST ${STREAM_URL}`,
      `GET ${STREAM_URL}`,
      `POST ${MESSAGES_URL}`,
      `POST ${MESSAGES_URL}`,
    ]);
  });

  it('serves calls, and says when the stream ends', async () => {
    const http = sseServer(NOT_FOUND(404));
    const { attempt, clock, closed } = start(http);
    await clock.advanceAsync(0);
    const call = new RecordingCall<RpcMessage>();
    attempt.connection?.send(internalCall('tools/call', '{}'), call);
    await clock.advanceAsync(0);
    expect(call.log).toEqual([expect.stringContaining('answer')]);
    http.of('GET')[0]?.end();
    expect(closed).toMatchObject([{ code: 'OMNI_UPSTREAM_EXITED' }]);
  });

  it('fails the call whose message is refused, and no other', async () => {
    const http = sseServer(NOT_FOUND(404), initialized, 413);
    const { attempt, clock } = start(http);
    await clock.advanceAsync(0);
    const [refused, other] = [new RecordingCall<RpcMessage>(), new RecordingCall<RpcMessage>()];
    attempt.connection?.send(internalCall('tools/call', '{}'), refused);
    attempt.connection?.send(internalCall('tools/list', ''), other);
    await clock.advanceAsync(0);
    expect(refused.failure).toMatchObject({ code: 'OMNI_UPSTREAM_HTTP_STATUS', data: { status: 413 } });
    expect(refused.phase).toBe('head-received');
    expect(other.log).toEqual([expect.stringContaining('answer')]);
  });

  it('tells a refused initialize', async () => {
    const refusing = new ScriptedHttpClient((exchange) => {
      if (exchange.request.url === MESSAGES_URL) return exchange.respond(500, '', '');
      if (exchange.request.method === 'POST') return exchange.respond(404, '', '');
      exchange.stream();
      exchange.data('event: endpoint\ndata: /messages?sessionId=1\n\n');
    });
    const { attempt, clock } = start(refusing);
    await clock.advanceAsync(0);
    expect(attempt.error?.message).toMatch(/^"up" refused initialize: .*HTTP status 500/);
  });

  it.each(['http', 'sse'] as const)(
    'takes other time limits from then on where it is configured as %s',
    async (kind) => {
      const { attempt, clock, spec } = start(sseServer(NOT_FOUND(405), initialized, 204), kind);
      await clock.advanceAsync(0);
      Object.assign(spec, { callTimeoutMs: 50 });
      const call = new RecordingCall<RpcMessage>();
      attempt.connection?.send(internalCall('tools/call', '{}'), call);
      await clock.advanceAsync(1_000);
      expect(call.failure).toMatchObject({ code: 'OMNI_UPSTREAM_TIMEOUT' });
    },
  );

  it('asks for nothing else when it is told so', async () => {
    const http = sseServer(NOT_FOUND(404));
    const { attempt, clock } = start(http, 'sse');
    await clock.advanceAsync(0);
    expect(attempt.connection?.era).toBe('legacy');
    expect(http.exchanges[0]?.request.method).toBe('GET');
    expect(http.of('server/discover')).toEqual([]);
  });

  it.each([401, 403, 500, 503])('does not take %i for a sign of it', async (status) => {
    const http = sseServer(NOT_FOUND(status));
    const { attempt, clock } = start(http);
    await clock.advanceAsync(0);
    expect(attempt.error?.data).toMatchObject({ status });
    expect(http.of('GET')).toEqual([]);
  });

  it('tells when a stream that is refused is to be asked for again', async () => {
    const http = new ScriptedHttpClient((get) => get.respond(503, '', '', ['Retry-After', '40']));
    const { attempt, clock } = start(http, 'sse');
    await clock.advanceAsync(0);
    expect(attempt.error?.data).toEqual({ status: 503, retryAfterSeconds: 40 });
  });

  it('does not look for it where the modern era is demanded', async () => {
    const http = sseServer(NOT_FOUND(404));
    const { attempt, clock } = start(http, 'http', '2026-07-28');
    await clock.advanceAsync(0);
    expect(attempt.error?.data).toMatchObject({ status: 404 });
    expect(http.of('GET')).toEqual([]);
  });

  it.each<[string, Refuse]>([
    ['no stream', (get) => get.respond(405, '', '')],
    ['a web page', (get) => get.respond(200, 'text/html', '<html>')],
    [
      'a stream without address',
      (get) => {
        get.stream();
        get.end();
      },
    ],
    [
      'an address elsewhere',
      (get) => {
        get.stream();
        get.data('event: endpoint\ndata: http://evil.test/\n\n');
      },
    ],
  ])('tells the refusal of the newer transport when there is %s', async (_what, answer) => {
    const http = new ScriptedHttpClient((exchange) => {
      if (exchange.request.method === 'GET') answer(exchange);
      else exchange.respond(404, 'text/plain', 'nothing here');
    });
    const { attempt, clock } = start(http);
    await clock.advanceAsync(0);
    expect(attempt.error).toMatchObject({ code: 'OMNI_UPSTREAM_HTTP_STATUS', data: { status: 404 } });
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells what a server of it refuses', async () => {
    const http = sseServer(NOT_FOUND(404), (stream, id) =>
      stream.event(`{"jsonrpc":"2.0","id":${String(id)},"error":{"code":-32000,"message":"go away"}}`),
    );
    const { attempt, clock } = start(http);
    await clock.advanceAsync(0);
    expect(attempt.error?.message).toBe('"up" refused initialize: go away');
  });

  it.each(['http', 'sse'] as const)('can be given up in the middle (%s)', async (kind) => {
    const http = sseServer(NOT_FOUND(404), () => {});
    const { attempt, abort, clock } = start(http, kind);
    await clock.advanceAsync(0);
    abort();
    expect(attempt).toEqual({});
    expect(http.of('GET')[0]?.isAborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('says so when there is no HTTP', async () => {
    const { attempt, clock } = start(undefined, 'sse');
    await clock.advanceAsync(0);
    expect(attempt.error?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
  });
});
