import {
  RecordingCall,
  type ScriptedExchange,
  ScriptedHttpClient,
  upstreamSpecOf,
  VirtualClock,
} from '@omni/testing';
import type { RpcMessage } from '@omni/jsonrpc';
import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { connect } from '../connect.ts';
import { isSafe } from './session-doubt.ts';
import { connectionContextOf, credentialsOf } from '../connection/connection-context.fixture.ts';
import type { OpenConnection } from '../connection/open-connection.ts';
import { callOf } from '../connection/upstream-call.fixture.ts';

type Refusal = (exchange: ScriptedExchange) => void;

/** A server that refuses in its own way what comes in another session than the present one. */
async function serve(refuse: Refusal, everything?: Refusal) {
  const clock = new VirtualClock();
  let session = 1;
  let isOut = false;
  let refuseInitialize: Refusal | undefined;
  const http = new ScriptedHttpClient((exchange) => {
    if (exchange.request.method === 'GET') return exchange.respond(405, '', '');
    if (exchange.request.method === 'DELETE') return exchange.respond(200, '', '');
    const method = exchange.member('method');
    if (method === 'initialize') {
      if (refuseInitialize !== undefined) return refuseInitialize(exchange);
      return exchange.result('{"protocolVersion":"2025-06-18","capabilities":{}}', [
        'Mcp-Session-Id',
        `s${session}`,
      ]);
    }
    if (isOut && everything !== undefined && method !== 'notifications/initialized')
      return everything(exchange);
    if (exchange.headers('mcp-session-id')[0] !== `s${session}`) return refuse(exchange);
    if (exchange.member('id') === undefined) exchange.respond(202, '', '');
    else exchange.result('{}');
  });
  const spec = upstreamSpecOf(
    { kind: 'http', url: 'http://up.test/mcp', headers: {} },
    { protocol: 'legacy' },
  );
  const context = connectionContextOf(clock, { http });
  const closed: GatewayError[] = [];
  const events = {
    onClosed: (_link: OpenConnection, reason: GatewayError) => void closed.push(reason),
    onListsChanged() {},
    onResourceUpdated: () => false,
    onReinitialized() {},
  };
  const opened: OpenConnection[] = [];
  connect(
    {
      spec,
      context,
      credentials: credentialsOf(spec, context),
      events,
      binding: undefined,
      onReport() {},
      era: undefined,
    },
    (result) => {
      if (!(result instanceof GatewayError)) opened.push(result);
    },
  );
  await clock.advanceAsync(0);
  const call = async (method = 'tools/call'): Promise<RecordingCall<RpcMessage>> => {
    const listener = new RecordingCall<RpcMessage>();
    opened[0]?.send(callOf(method, '{}'), listener);
    await clock.advanceAsync(0);
    return listener;
  };
  return {
    http,
    clock,
    closed,
    call,
    restart: () => void (session++, (isOut = true)),
    refuseInitialize: (by: Refusal) => void (refuseInitialize = by),
  };
}

const status =
  (code: number): Refusal =>
  (exchange) =>
    exchange.respond(code, 'text/plain', 'Session not found');

describe('isSafe', () => {
  it.each(['tools/list', 'resources/read', 'prompts/get'])(
    'takes %s for a request that only reads',
    (method) => {
      expect(isSafe(method)).toBe(true);
    },
  );
});

describe('a session that a server tells of as lost in its own way', () => {
  it.each<[string, Refusal]>([
    ...[401, 403, 409, 410, 412, 422, 440, 500, 503, 302, 200, 204].map((code): [string, Refusal] => [
      String(code),
      status(code),
    ]),
    [
      'an error in a 200',
      (exchange) =>
        exchange.json(
          200,
          `{"jsonrpc":"2.0","id":${JSON.stringify(exchange.member('id'))},"error":{"code":-32001,"message":"gone"}}`,
        ),
    ],
    [
      'an error that speaks of it',
      (exchange) =>
        exchange.json(
          200,
          `{"jsonrpc":"2.0","id":${JSON.stringify(exchange.member('id'))},"error":{"code":-32603,"message":"Session expired"}}`,
        ),
    ],
    [
      'an error that names its id',
      (exchange) =>
        exchange.json(
          400,
          `{"jsonrpc":"2.0","id":${JSON.stringify(exchange.member('id'))},"error":{"code":-32602,"message":"Unknown sessionId"}}`,
        ),
    ],
    [
      'an error that asks for initialize',
      (exchange) =>
        exchange.json(
          200,
          `{"jsonrpc":"2.0","id":${JSON.stringify(exchange.member('id'))},"error":{"code":-32002,"message":"Server not initialized"}}`,
        ),
    ],
  ])('is renewed once, and what may have run is not sent again: %s [PROTO-R13]', async (_name, refuse) => {
    const { http, call, restart } = await serve(refuse);
    restart();
    const first = await call();
    expect(first.failure !== undefined || first.log.some((line) => line.includes('"error"'))).toBe(true);
    expect(http.of('tools/call')).toHaveLength(1);
    expect(http.of('initialize')).toHaveLength(2);
    const second = await call();
    expect(second.log).toEqual([expect.stringContaining('"result":{}')]);
    expect(http.of('initialize')).toHaveLength(2);
  });

  // guard: http/unsafe-again
  it('has what only reads sent again [PROTO-R13]', async () => {
    const { http, call, restart } = await serve(status(401));
    restart();
    const read = await call('resources/read');
    expect(read.log).toEqual([expect.stringContaining('"result":{}')]);
    expect(http.of('resources/read')).toHaveLength(2);
    const unsafe = await serve(status(401));
    unsafe.restart();
    await unsafe.call();
    expect(unsafe.http.of('tools/call')).toHaveLength(1);
  });

  it('stands while ping is answered in it', async () => {
    const { http, call } = await serve(status(500), (exchange) => exchange.result('{}'));
    http.of('tools/call');
    const broken = await serve(status(500), (exchange) =>
      exchange.member('method') === 'ping' ? exchange.result('{}') : exchange.respond(500, '', ''),
    );
    broken.restart();
    await broken.call();
    expect(broken.http.of('ping')).toHaveLength(1);
    expect(broken.http.of('initialize')).toHaveLength(1);
    await call();
    expect(http.of('ping')).toHaveLength(0);
  });

  // guard: http/doubts-rate
  it('is not asked for by every call of a server that fails, and stays when a new one is no better', async () => {
    const { http, call, restart, closed, clock } = await serve(status(500), status(500));
    restart();
    for (let round = 0; round < 20; round++) await call();
    expect(http.of('initialize')).toHaveLength(2);
    expect(http.of('DELETE')).toHaveLength(1);
    await clock.advanceAsync(10_000);
    for (let round = 0; round < 20; round++) await call();
    expect(http.of('initialize')).toHaveLength(3);
    expect(closed).toEqual([]);
  });

  it('ends the connection when credentials turn out to be no good, and says so', async () => {
    const { call, restart, closed, refuseInitialize, clock } = await serve(status(401));
    restart();
    refuseInitialize(status(401));
    await call();
    await clock.advanceAsync(0);
    expect(closed).toHaveLength(1);
    expect(closed[0]?.hint).toContain('does not accept the credentials');
  });

  it('stays while nobody is there to give another one', async () => {
    const { call, restart, closed, refuseInitialize } = await serve(status(503));
    restart();
    refuseInitialize(status(503));
    await call();
    expect(closed).toEqual([]);
  });
});
