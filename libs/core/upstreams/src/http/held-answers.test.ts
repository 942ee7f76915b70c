import { describe, expect, it } from '@jest/globals';
import {
  RecordingCall,
  RecordingChunks,
  type ScriptedExchange,
  ScriptedHttpClient,
  upstreamSpecOf,
  VirtualClock,
} from '@omni/testing';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { internalCall, type RunningCall } from '@omni/model';
import { CountedByteBudget } from '@omni/ports';
import { connectionContextOf, credentialsOf } from '../connection/connection-context.fixture.ts';
import { initializeHttp } from './legacy-http-session.ts';
import { InstanceHttp } from '../cookies/instance-http.ts';
import { ModernHttpConnection } from './modern-http-connection.ts';

describe('HttpMessageReader with a budget', () => {
  // guard: held/answer
  it.each([
    ['a body', 'application/json', '{"result":"'],
    ['an event', 'text/event-stream', 'data: {"result":"'],
  ])('fails the call whose answer finds no room, in %s, and no other', (_what, type, head) => {
    const { connection, http, budget } = open(300_000);
    const begin = (): { call: RecordingCall<RpcMessage>; exchange: ScriptedExchange } => {
      const call = new RecordingCall<RpcMessage>();
      connection.send(CALL, call);
      const exchange = http.last;
      exchange.head(200, ['content-type', type]);
      exchange.data(head);
      return { call, exchange };
    };
    const [one, other] = [begin(), begin()];
    for (const { exchange } of [one, other]) exchange.data('x'.repeat(120_000));
    one.exchange.data('x'.repeat(100_000));
    expect(one.call.failure).toMatchObject({
      code: 'OMNI_MEMORY_FULL',
      message: expect.stringContaining('"up"'),
    });
    expect(one.exchange.isAborted).toBe(true);
    expect(other.exchange.isAborted).toBe(false);
    expect(connection.inFlight).toBe(1);
    other.exchange.data('x'.repeat(100_000));
    other.exchange.data('","jsonrpc":"2.0","id":1}\n\n');
    other.exchange.end();
    expect(other.call.log).toHaveLength(1);
    expect(other.call.failure).toBeUndefined();
    expect(budget.held).toBe(0);
  });

  // guard: held/answer-back
  it.each<
    [
      string,
      (scene: {
        http: ScriptedHttpClient;
        running: RunningCall;
        clock: VirtualClock;
        connection: ModernHttpConnection;
      }) => void,
    ]
  >([
    ['is cancelled', ({ running }) => running.cancel()],
    ['breaks off', ({ http }) => http.last.fail('body')],
    ['falls silent', ({ clock }) => clock.advance(61_000)],
    ['loses its connection', ({ connection }) => void connection.close()],
  ])('gives the room of an answer back when the call %s', (_how, end) => {
    for (const [type, head] of [
      ['application/json', '{"result":"'],
      ['text/event-stream', 'data: {"result":"'],
    ]) {
      const { budget, ...scene } = open(300_000);
      const running = scene.connection.send(CALL, new RecordingCall<RpcMessage>());
      scene.http.last.head(200, ['content-type', type ?? '']);
      for (const chunk of [head ?? '', 'x'.repeat(100_000)]) scene.http.last.data(chunk);
      expect(budget.held).toBeGreaterThan(100_000);
      end({ ...scene, running });
      expect(budget.held).toBe(0);
    }
  });

  it('gives the room back for what follows an answer on its stream', () => {
    const { connection, http, clock, budget } = open(300_000);
    const call = new RecordingCall<RpcMessage>();
    connection.send(CALL, call);
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","id":1,"result":{"ok":true}}');
    http.last.data(`data: ${'x'.repeat(100_000)}`);
    expect(call.log).toHaveLength(1);
    expect(budget.held).toBeGreaterThan(100_000);
    clock.advance(6_000);
    expect(http.last.isAborted).toBe(true);
    expect(budget.held).toBe(0);
  });

  it('takes no room for a long answer that goes on while it comes', () => {
    const { connection, http, budget } = open(0);
    const call = new RecordingCall<RpcMessage>();
    const chunks = new RecordingChunks();
    call.chunks = chunks;
    connection.send({ ...CALL, allowPassthrough: true }, call);
    const body = `{"jsonrpc":"2.0","id":1,"result":{"text":"${'x'.repeat(210_000)}"}}`;
    http.last.head(200, ['content-type', 'application/json', 'content-length', String(body.length)]);
    for (let at = 0; at < body.length; at += 50_000) {
      http.last.data(body.slice(at, at + 50_000));
      expect(budget.held).toBeLessThan(70_000);
    }
    http.last.end();
    expect(chunks.log.at(-1)).toBe('end');
    expect(budget.held).toBe(0);
  });

  it('gives the room back for what follows the answer of a handshake on its stream', () => {
    const { options, http, budget } = open(300_000);
    initializeHttp(options, () => {});
    http.last.stream();
    const result =
      '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"up","version":"1"}}';
    const first = http.last;
    first.data(`data: {"jsonrpc":"2.0","id":1,"result":${result}}\n\ndata: ${'x'.repeat(100_000)}`);
    expect(first.isAborted).toBe(true);
    expect(budget.held).toBe(0);
  });
});

const CALL = { ...internalCall('tools/call', '{}'), clientId: '1' };

function open(maxUnfinishedBytes: number) {
  const clock = new VirtualClock();
  const http = new ScriptedHttpClient();
  const budget = new CountedByteBudget(maxUnfinishedBytes);
  const url = 'http://up.test/mcp';
  const handshake = parseMessage('{"jsonrpc":"2.0","id":1,"result":{}}', { maxDepth: 8, maxElements: 8 });
  if (handshake.kind !== 'response') throw new RangeError('The test wrote no response');
  const spec = upstreamSpecOf({ kind: 'http', url, headers: {} });
  const context = connectionContextOf(clock, { budget: budget.of('up'), http });
  const options = {
    spec,
    context,
    credentials: credentialsOf(spec, context),
    events: { onClosed() {}, onListsChanged() {}, onResourceUpdated: () => false, onReinitialized() {} },
    binding: undefined,
    onReport() {},
    http: new InstanceHttp(http, clock),
    url,
  };
  return { options, connection: new ModernHttpConnection({ ...options, handshake }), http, clock, budget };
}
