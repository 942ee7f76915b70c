import { RecordingCall, ScriptedHttpClient, upstreamSpecOf, VirtualClock } from '@omni/testing';
import type { RpcMessage } from '@omni/jsonrpc';
import { ALL_SERVERS, type ClientContext, internalCall, type UpstreamConnection } from '@omni/model';
import { describe, expect, it } from '@jest/globals';
import { connectionContextOf } from '../connection/connection-context.fixture.ts';
import { Upstream } from '../upstream.ts';

const CLIENT: ClientContext = {
  principal: { id: 'p', kind: 'local' },
  era: 'legacy',
  endpoint: ALL_SERVERS,
  session: undefined,
  capabilities: '{}',
  clientInfo: '{}',
};

/** A legacy HTTP server that forgets its sessions when it is told to restart. */
async function serve() {
  const clock = new VirtualClock();
  let current = '';
  let opened = 0;
  /** Method, and the session that it was sent to, of every request that was let in. */
  const seen: string[] = [];
  const http = new ScriptedHttpClient((exchange) => {
    if (exchange.request.method !== 'POST') return exchange.respond(405, '', '');
    const method = String(exchange.member('method'));
    if (method === 'initialize') {
      current = `s${++opened}`;
      return exchange.result(
        '{"protocolVersion":"2025-06-18","capabilities":{"logging":{},"resources":{"subscribe":true}},"serverInfo":{"name":"s","version":"1"}}',
        ['Mcp-Session-Id', current],
      );
    }
    if (exchange.headers('mcp-session-id')[0] !== current) return exchange.respond(404, '', '');
    seen.push(`${method} ${current}`);
    if (exchange.member('id') === undefined) exchange.respond(202, '', '');
    else exchange.result('{}');
  });
  const context = connectionContextOf(clock, { http });
  const upstream = new Upstream({
    spec: upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: {} }, { protocol: 'legacy' }),
    context,
    observer: { onStateChanged() {}, onReady() {}, onListsChanged() {} },
  });
  upstream.start();
  await clock.advanceAsync(0);
  const { connection } = upstream;
  if (connection === undefined) throw new TypeError('the server of the test was not reached');
  return {
    upstream,
    connection,
    http,
    clock,
    seen,
    restart: () => {
      current = 'none';
      seen.length = 0;
    },
  };
}

function call(
  connection: UpstreamConnection,
  method = 'tools/call',
  params = '{}',
): RecordingCall<RpcMessage> {
  const listener = new RecordingCall<RpcMessage>();
  connection.send(internalCall(method, params), listener);
  return listener;
}

describe('recovery of a session that an HTTP upstream has lost', () => {
  it('opens one new session for all calls, and sends each of them once more', async () => {
    const { connection, http, clock, seen, restart, upstream } = await serve();
    restart();
    const calls = [call(connection), call(connection), call(connection)];
    await clock.advanceAsync(0);
    expect(calls.map(({ log }) => log)).toEqual(
      Array.from({ length: 3 }, () => [expect.stringContaining('answer')]),
    );
    expect(http.of('initialize')).toHaveLength(2);
    expect(upstream.record.state.phase).toBe('ready');
    expect(seen).toEqual(['notifications/initialized s2', 'tools/call s2', 'tools/call s2', 'tools/call s2']);
  });

  it('subscribes again to what is watched', async () => {
    const { connection, clock, seen, restart, upstream } = await serve();
    const results: unknown[] = [];
    upstream.subscribe(
      CLIENT,
      'file:///a',
      () => {},
      (result) => results.push(result),
    );
    await clock.advanceAsync(0);
    restart();
    call(connection);
    await clock.advanceAsync(0);
    expect(seen).toEqual(['notifications/initialized s2', 'tools/call s2', 'resources/subscribe s2']);
    expect(results).toHaveLength(1);
  });

  it('sets the log level again', async () => {
    const { connection, clock, http, seen, restart } = await serve();
    call(connection, 'logging/setLevel', '{"level":"debug"}');
    call(connection, 'logging/setLevel', '{"level":"warning"}');
    await clock.advanceAsync(0);
    restart();
    call(connection);
    await clock.advanceAsync(0);
    expect(seen).toEqual(['notifications/initialized s2', 'logging/setLevel s2', 'tools/call s2']);
    expect(http.of('logging/setLevel').at(-1)?.member('params')).toEqual({ level: 'warning' });
  });

  it('sets the log level once when that is what found the session gone', async () => {
    const { connection, clock, seen, restart } = await serve();
    restart();
    call(connection, 'logging/setLevel', '{"level":"debug"}');
    await clock.advanceAsync(0);
    expect(seen).toEqual(['notifications/initialized s2', 'logging/setLevel s2']);
  });

  it('sends nothing again that may have run [PROTO-R13]', async () => {
    const { connection, clock, http } = await serve();
    const listener = call(connection);
    http.last.fail('request');
    await clock.advanceAsync(0);
    expect(listener.failure?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
    expect(http.of('tools/call')).toHaveLength(1);
    expect(http.of('initialize')).toHaveLength(1);
  });
});

describe('an HTTP upstream that comes back in the other era', () => {
  it.each(['legacy', 'modern'] as const)(
    'is spoken to in its new era after one pause, when it was %s [PROTO-R09]',
    async (first) => {
      const clock = new VirtualClock();
      let era: 'legacy' | 'modern' = first;
      const http = new ScriptedHttpClient((exchange) => {
        const method = exchange.request.method === 'POST' ? exchange.member('method') : undefined;
        const isModern = exchange.headers('mcp-protocol-version')[0] === '2026-07-28';
        if (method === 'notifications/initialized') exchange.respond(202, '', '');
        else if (isModern !== (era === 'modern') || method === undefined)
          exchange.respond(400, 'text/plain', 'Bad Request');
        else
          exchange.result(
            isModern
              ? '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{}}'
              : '{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}',
          );
      });
      const phases: string[] = [];
      const upstream = new Upstream({
        spec: upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: {} }),
        context: connectionContextOf(clock, { http }),
        observer: {
          onStateChanged: ({ record: { state } }) => phases.push(state.phase),
          onReady() {},
          onListsChanged() {},
        },
      });
      upstream.start();
      await clock.advanceAsync(0);
      expect(upstream.connection?.era).toBe(first);
      era = first === 'legacy' ? 'modern' : 'legacy';
      if (upstream.connection !== undefined) call(upstream.connection);
      await clock.advanceAsync(500);
      expect(upstream.connection?.era).toBe(era);
      expect(phases).toEqual(['starting', 'ready', 'down', 'starting', 'ready']);
    },
  );
});
