import { GatewayError } from '@omni/ports';
import type { RecordingExchange } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { FrontFixture, type RoutedCall } from '../front.fixture.ts';

const CALL = { params: '"name":"files__read"', name: 'files__read' };
const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}';
const MIB = 1024 * 1024;

async function modernCall(front: FrontFixture): Promise<{ exchange: RecordingExchange; call: RoutedCall }> {
  const exchange = await front.modern('tools/call', CALL);
  return { exchange, call: front.dispatch.last };
}

describe('HttpWriter', () => {
  it('answers with JSON when nothing precedes the answer', async () => {
    const { exchange, call } = await modernCall(new FrontFixture());
    expect(exchange.state).toBe('none');
    call.result('{}');
    expect(exchange.state).toBe('responded');
    expect(exchange.responseHeader('content-type')).toBe('application/json');
  });

  it('becomes an event stream with the first notification, and keeps the order [PROTO-R04]', async () => {
    const { exchange, call } = await modernCall(new FrontFixture());
    call.notify(PROGRESS);
    call.notify(PROGRESS.replace('1}', '2}'));
    call.result('{"done":true}');
    expect(exchange.status).toBe(200);
    expect(exchange.responseHeader('content-type')).toBe('text/event-stream');
    expect(exchange.responseHeader('x-accel-buffering')).toBe('no');
    expect(exchange.state).toBe('ended');
    expect(exchange.events()).toEqual([
      PROGRESS,
      PROGRESS.replace('1}', '2}'),
      '{"jsonrpc":"2.0","id":1,"result":{"done":true}}',
    ]);
  });

  it('sends errors as events once the stream has begun [PROTO-R03]', async () => {
    const { exchange, call } = await modernCall(new FrontFixture());
    call.notify(PROGRESS);
    call.fail(new GatewayError('OMNI_PARAMS_INVALID', 'no name'));
    expect(exchange.status).toBe(200);
    expect(JSON.parse(exchange.events()[1] ?? '')).toMatchObject({ id: 1, error: { code: -32602 } });
  });

  it.each([
    ['text', (call: RoutedCall) => call.result('{\n"a":\r\n1,\r"b":2}')],
    ['bytes', (call: RoutedCall) => call.bytes('{"jsonrpc":"2.0","id":1,"result":{\n"a":\r\n1,\r"b":2}}')],
  ])('gives each line of an answer of %s its own data field', async (_what, answer) => {
    const { exchange, call } = await modernCall(new FrontFixture());
    call.notify(PROGRESS);
    answer(call);
    expect(exchange.text()).not.toContain('\r');
    expect(exchange.text()).toContain('data: "a":\ndata: 1,\ndata: "b":2}}\n\n');
    expect(JSON.parse(exchange.events()[1] ?? '')).toEqual({ jsonrpc: '2.0', id: 1, result: { a: 1, b: 2 } });
  });

  it.each(['responded', 'ended'])('passes bytes on untouched when it has %s', async (state) => {
    const { exchange, call } = await modernCall(new FrontFixture());
    const text = '{"jsonrpc":"2.0","id":1,"result":{"ü":"\\ud800 1.0e2"}}';
    if (state === 'ended') call.notify(PROGRESS);
    call.bytes(text);
    expect(exchange.state).toBe(state);
    expect(state === 'ended' ? exchange.events()[1] : exchange.text()).toBe(text);
  });

  it('opens a silent request after five seconds and keeps it alive each fifteen [PROTO-R04]', async () => {
    const front = new FrontFixture();
    const { exchange, call } = await modernCall(front);
    front.clock.advance(4_999);
    expect(exchange.state).toBe('none');
    front.clock.advance(1);
    expect(exchange.state).toBe('streaming');
    expect(exchange.text()).toBe(': keep-alive\n\n');
    front.clock.advance(14_000);
    expect(exchange.text()).toBe(': keep-alive\n\n');
    front.clock.advance(1_000);
    expect(exchange.text()).toBe(': keep-alive\n\n'.repeat(2));
    call.result('{}');
    front.clock.advance(60_000);
    expect(exchange.events()).toHaveLength(1);
    expect(exchange.text().split(': keep-alive')).toHaveLength(3);
  });

  it('counts the silence from the last message', async () => {
    const front = new FrontFixture();
    const { exchange, call } = await modernCall(front);
    front.clock.advance(3_000);
    call.notify(PROGRESS);
    front.clock.advance(14_000);
    call.notify(PROGRESS);
    front.clock.advance(14_000);
    expect(exchange.text()).not.toContain(': keep-alive');
    front.clock.advance(1_000);
    expect(exchange.text()).toContain(': keep-alive');
  });

  it('leaves a request alone that something else ended in the same second', async () => {
    const front = new FrontFixture({ sessionIdleMs: 6_000_000 });
    const session = await front.session({ capabilities: '{"roots":{}}' });
    const asking = await session.call('1');
    asking.call.ask('{"jsonrpc":"2.0","id":5,"method":"roots/list"}', () => ending.call.result('{}'));
    front.clock.advance(595_000);
    const ending = await session.call('2');
    // Now the question has waited ten minutes, and the second call five seconds.
    front.clock.advance(5_000);
    expect(ending.exchange.state).toBe('responded');
    expect(ending.exchange.json()).toMatchObject({ id: 2, result: {} });
  });

  it('leaves no timer behind', async () => {
    const front = new FrontFixture();
    const { call } = await modernCall(front);
    call.result('{}');
    front.clock.advance(1_000);
    expect(front.clock.pendingTimers).toBe(0);
  });

  // guard: reply/one-answer
  it('sends only the first answer, and nothing behind it', async () => {
    const front = new FrontFixture();
    const { exchange, call } = await modernCall(front);
    call.result('{"n":1}');
    call.result('{"n":2}');
    call.notify(PROGRESS);
    expect(exchange.json()).toMatchObject({ result: { n: 1 } });
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it.each([
    ['as one body', (_call: RoutedCall) => {}],
    ['as events', (call: RoutedCall) => void call.notify(PROGRESS)],
  ])('cuts the connection when the answer cannot be written %s', async (_how, before) => {
    const front = new FrontFixture();
    const { exchange, call } = await modernCall(front);
    before(call);
    // JSON has no such number, so that nothing can be made of it.
    call.fail(new GatewayError('OMNI_PARAMS_INVALID', 'x', { data: { n: 1n } }));
    expect(exchange.state).toBe('destroyed');
    expect(front.complaints).toEqual(['a request failed inside Omni']);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0, requests: 1, settled: 1 });
  });

  it('ends the stream of a session whose answer cannot be written: there is nothing to come back for', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    call.notify(PROGRESS);
    call.fail(new GatewayError('OMNI_PARAMS_INVALID', 'x', { data: { n: 1n } }));
    expect(exchange.state).toBe('destroyed');
    expect((await session.resume('s1-1')).status).toBe(405);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it('tells the upstream to wait for a slow reader, and when to go on', async () => {
    const { exchange, call } = await modernCall(new FrontFixture());
    const heard: string[] = [];
    expect(call.notify(PROGRESS)).toBe(true);
    exchange.backlogBytes = 20_000;
    expect(call.notify(PROGRESS)).toBe(false);
    call.onDrain(() => heard.push('first'));
    call.onDrain(() => heard.push('second'));
    expect(heard).toEqual([]);
    exchange.drain();
    expect(call.notify(PROGRESS)).toBe(true);
    expect(heard).toEqual(['first', 'second']);
  });

  it('goes on at once where nothing was written yet', async () => {
    const { call } = await modernCall(new FrontFixture());
    const heard: string[] = [];
    call.onDrain(() => heard.push('drained'));
    expect(heard).toEqual(['drained']);
  });

  // guard: reply/slow-reader
  it('drops notifications behind a megabyte that nobody reads, but not the answer', async () => {
    const { exchange, call } = await modernCall(new FrontFixture());
    call.notify(PROGRESS);
    exchange.backlogBytes = MIB + 1;
    expect(call.notify(PROGRESS)).toBe(false);
    call.result('{}');
    expect(exchange.events()).toEqual([PROGRESS, '{"jsonrpc":"2.0","id":1,"result":{}}']);
  });

  // guard: question/modern
  it('does not ask modern clients', async () => {
    const { exchange, call } = await modernCall(new FrontFixture());
    const answers: unknown[] = [];
    call.ask('{"jsonrpc":"2.0","id":5,"method":"roots/list"}', (answer) => answers.push(answer));
    expect(answers).toMatchObject([{ code: 'OMNI_METHOD_UNKNOWN' }]);
    expect(exchange.state).toBe('none');
  });

  it('lets a legacy call run on when its client is gone, without waiting for a reader', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    const heard: string[] = [];
    call.notify(PROGRESS);
    exchange.backlogBytes = 20_000;
    expect(call.notify(PROGRESS)).toBe(false);
    call.onDrain(() => heard.push('drained'));
    exchange.leave();
    expect(call.cancels).toEqual([]);
    expect(heard).toEqual(['drained']);
    // A writer that were still told to wait would wait for ever.
    expect(call.notify(PROGRESS)).toBe(true);
    call.onDrain(() => heard.push('at once'));
    front.clock.advance(60_000);
    expect(heard).toEqual(['drained', 'at once']);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 1 });
    call.result('{}');
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it('tells an upstream at once that a legacy client is gone and cannot be asked', async () => {
    const front = new FrontFixture();
    const session = await front.session({ capabilities: '{"roots":{}}' });
    const { exchange, call } = await session.call();
    const answers: unknown[] = [];
    exchange.leave();
    call.ask('{"jsonrpc":"2.0","id":5,"method":"roots/list"}', (answer) => answers.push(answer));
    expect(answers).toMatchObject([{ code: 'OMNI_METHOD_UNKNOWN' }]);
  });

  it('answers errors of legacy requests with 200', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const exchange = await session.request('vendor/none');
    expect(exchange.status).toBe(200);
    expect(exchange.json()).toMatchObject({ id: 1, error: { code: -32601 } });
  });

  it('writes an answer while it comes, with its length when that is known', async () => {
    for (const length of [19, undefined]) {
      const { exchange, call } = await modernCall(new FrontFixture());
      call.chunks?.onResponseHead({ status: 200, length, isError: false, isKept: false });
      expect(exchange.state).toBe('streaming');
      expect(exchange.responseHeader('content-length')).toBe(length?.toString());
      call.chunks?.onChunk(bytesOf('{"first":1,\n'));
      expect(exchange.text()).toBe('{"first":1,\n');
      call.chunks?.onChunk(bytesOf('"b":2}'));
      call.chunks?.onResponseEnd();
      expect(exchange.state).toBe('ended');
      expect(exchange.text()).toBe('{"first":1,\n"b":2}');
      expect(exchange.responseHeader('content-type')).toBe('application/json');
    }
  });

  it('writes an answer that comes behind notifications as one event, whatever stands in it', async () => {
    const { exchange, call } = await modernCall(new FrontFixture());
    call.notify(PROGRESS);
    call.chunks?.onResponseHead({ status: 200, length: 40, isError: false, isKept: false });
    for (const chunk of ['{"jsonrpc":"2.0","id":1,"result":{', '\r\n\r\nevent: message\ndata: ', '"a":1}}'])
      call.chunks?.onChunk(bytesOf(chunk));
    expect(exchange.events()).toHaveLength(2);
    call.chunks?.onResponseEnd();
    expect(exchange.state).toBe('ended');
    expect(exchange.events()).toEqual([
      PROGRESS,
      '{"jsonrpc":"2.0","id":1,"result":{    event: message data: "a":1}}',
    ]);
  });

  it('cuts an answer whose server breaks off, so that it does not look complete', async () => {
    for (const isEvent of [false, true]) {
      const front = new FrontFixture();
      const { exchange, call } = await modernCall(front);
      if (isEvent) call.notify(PROGRESS);
      call.chunks?.onResponseHead({ status: 200, length: undefined, isError: false, isKept: false });
      call.chunks?.onChunk(bytesOf('{"jsonrpc":"2.0","id":1,"result":{}}'));
      call.fail(new GatewayError('OMNI_UPSTREAM_UNREACHABLE', '"files" broke off'));
      call.chunks?.onChunk(bytesOf('late'));
      call.chunks?.onResponseEnd();
      expect(exchange.state).toBe('destroyed');
      expect(exchange.text()).not.toContain('late');
      expect(exchange.text().endsWith('}}')).toBe(true);
      expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
    }
  });

  // guard: chunks/kept
  it('gives chunks away, unless their sender keeps them', async () => {
    for (const isEvent of [false, true]) {
      for (const isKept of [false, true]) {
        const { exchange, call } = await modernCall(new FrontFixture());
        if (isEvent) call.notify(PROGRESS);
        const chunk = bytesOf('{"jsonrpc":"2.0","id":1,"result":{}}').slice();
        call.chunks?.onResponseHead({ status: 200, length: undefined, isError: false, isKept });
        call.chunks?.onChunk(chunk);
        call.chunks?.onResponseEnd();
        expect(exchange.text()).toContain('"result":{}}');
        expect(chunk.byteLength).toBe(isKept ? 36 : 0);
      }
    }
  });

  it('holds a server back that is far ahead of its client, and not before', async () => {
    const { exchange, call } = await modernCall(new FrontFixture());
    const heard: string[] = [];
    call.chunks?.onResponseHead({ status: 200, length: undefined, isError: false, isKept: false });
    exchange.backlogBytes = 200 * 1024;
    expect(call.chunks?.onChunk(bytesOf('a'))).toBe(true);
    exchange.backlogBytes = 300 * 1024;
    expect(call.chunks?.onChunk(bytesOf('b'))).toBe(false);
    call.onDrain(() => heard.push('drained'));
    exchange.drain();
    expect(heard).toEqual(['drained']);
    expect(exchange.text()).toBe('ab');
  });

  it('puts nothing between the chunks of an answer', async () => {
    const front = new FrontFixture();
    const { exchange, call } = await modernCall(front);
    call.notify(PROGRESS);
    call.chunks?.onResponseHead({ status: 200, length: undefined, isError: false, isKept: false });
    const before = exchange.text();
    front.clock.advance(60_000);
    call.notify(PROGRESS);
    expect(exchange.text()).toBe(before);
  });

  it('cancels a call whose client leaves in the middle of its answer', async () => {
    const front = new FrontFixture();
    const { exchange, call } = await modernCall(front);
    call.chunks?.onResponseHead({ status: 200, length: undefined, isError: false, isKept: false });
    exchange.leave();
    expect(call.cancels).toHaveLength(1);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it('writes an answer of a session while it comes, until an event stream has begun: its events are kept whole', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    call.chunks?.onResponseHead({ status: 404, length: 2, isError: true, isKept: false });
    call.chunks?.onChunk(bytesOf('{}'));
    call.chunks?.onResponseEnd();
    expect(exchange.status).toBe(200);
    expect(exchange.state).toBe('ended');
    expect(exchange.text()).toBe('{}');
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
    const other = await session.call();
    other.call.notify(PROGRESS);
    expect(other.call.chunks).toBeUndefined();
  });

  it('lets a legacy answer run on into nothing when its client leaves in the middle', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    const heard: string[] = [];
    call.chunks?.onResponseHead({ status: 200, length: undefined, isError: false, isKept: false });
    exchange.backlogBytes = 300 * 1024;
    expect(call.chunks?.onChunk(bytesOf('{'))).toBe(false);
    call.onDrain(() => heard.push('goes on'));
    exchange.leave();
    expect(call.chunks?.onChunk(bytesOf('}'))).toBe(true);
    expect(heard).toEqual(['goes on']);
    expect(call.cancels).toEqual([]);
    call.chunks?.onResponseEnd();
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });
});

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
