import { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { FrontFixture, legacyText } from '../front.fixture.ts';

const OLD = { version: '2025-03-26' };
const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}';

function call(id: string): string {
  return legacyText('tools/call', { id, params: '"name":"x"' });
}

function pings(count: number): string {
  return `[${Array.from({ length: count }, (_, id) => legacyText('ping', { id: String(id) })).join(',')}]`;
}

describe('batches', () => {
  it('are answered as one array, whatever comes first', async () => {
    const front = new FrontFixture();
    const exchange = await (
      await front.session(OLD)
    ).post(`[${call('1')},${legacyText('ping', { id: '"p"' })},${call('2')}]`);
    expect(exchange.state).toBe('none');
    front.dispatch.calls[1]?.result('{"of":2}');
    front.dispatch.calls[0]?.result('{"of":1}');
    expect(exchange.status).toBe(200);
    expect(exchange.text()).toBe(
      '[{"jsonrpc":"2.0","id":"p","result":{}},{"jsonrpc":"2.0","id":2,"result":{"of":2}},{"jsonrpc":"2.0","id":1,"result":{"of":1}}]',
    );
  });

  it('of notifications and responses alone get 202', async () => {
    const session = await new FrontFixture().session(OLD);
    const exchange = await session.post(
      '[{"jsonrpc":"2.0","method":"notifications/initialized"},{"jsonrpc":"2.0","id":1,"result":{}}]',
    );
    expect(exchange.status).toBe(202);
    expect(exchange.text()).toBe('');
  });

  // guard: batch/revision
  it.each(['2025-06-18', '2025-11-25', '2024-11-05'])('do not exist in revision %s', async (version) => {
    const exchange = await (await new FrontFixture().session({ version })).post(`[${legacyText('ping')}]`);
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject({ id: null, error: { code: -32600 } });
  });

  // guard: batch/size
  it('hold one to a hundred messages', async () => {
    const front = new FrontFixture({ maxElements: 100_000 });
    const session = await front.session(OLD);
    const statuses = [];
    for (const count of [0, 1, 100, 101]) statuses.push((await session.post(pings(count))).status);
    expect(statuses).toEqual([400, 200, 200, 400]);
  });

  it('answer what is no message beside what is', async () => {
    const exchange = await (
      await new FrontFixture().session(OLD)
    ).post(`[1,[${legacyText('ping')}],[],{"jsonrpc":"2.0","id":3},${legacyText('ping', { id: '4' })}]`);
    expect(exchange.json()).toMatchObject([
      { id: null, error: { code: -32600 } },
      { id: null, error: { code: -32600 } },
      { id: null, error: { code: -32600 } },
      { id: 3, error: { code: -32600 } },
      { id: 4, result: {} },
    ]);
  });

  it('answer both of two equal ids', async () => {
    const front = new FrontFixture();
    const exchange = await (await front.session(OLD)).post(`[${call('1')},${call('1')}]`);
    for (const routed of front.dispatch.calls) routed.result('{}');
    expect(exchange.json()).toMatchObject([
      { id: 1, result: {} },
      { id: 1, result: {} },
    ]);
  });

  it('that take long get a heartbeat, and their answers in one event', async () => {
    const front = new FrontFixture();
    const session = await front.session(OLD);
    const exchange = await session.post(`[${call('1')},${call('2')},${legacyText('ping', { id: '3' })}]`);
    front.dispatch.calls[0]?.result('{}');
    await front.clock.advanceAsync(4_000);
    expect(exchange.state).toBe('none');
    await front.clock.advanceAsync(2_000);
    expect([exchange.state, exchange.responseHeader('content-type')]).toEqual([
      'streaming',
      'text/event-stream',
    ]);
    const beats = (): number => exchange.text().split(': keep-alive').length - 1;
    expect(beats()).toBe(1);
    await front.clock.advanceAsync(32_000);
    expect(beats()).toBe(3);
    front.dispatch.calls[1]?.result('{}');
    expect(exchange.state).toBe('ended');
    expect(exchange.events().map((event): unknown => JSON.parse(event))).toMatchObject([
      [{ id: 3 }, { id: 1 }, { id: 2 }],
    ]);
    // Nothing ticks on.
    await front.clock.advanceAsync(60_000);
    expect(beats()).toBe(3);
  });

  it('that take long and are cancelled whole end their stream', async () => {
    const front = new FrontFixture();
    const session = await front.session(OLD);
    const exchange = await session.post(`[${call('1')}]`);
    await front.clock.advanceAsync(6_000);
    await session.post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
    expect([exchange.state, exchange.events()]).toEqual(['ended', []]);
  });

  it('whose client has gone tick for nobody', async () => {
    const front = new FrontFixture();
    const session = await front.session(OLD);
    const exchange = await session.post(`[${call('1')}]`);
    exchange.leave();
    await front.clock.advanceAsync(60_000);
    front.dispatch.last.result('{}');
    expect([exchange.state, exchange.text()]).toEqual(['none', '']);
  });

  // guard: batch/admission
  it('count each request against the limit', async () => {
    const front = new FrontFixture({ maxInFlight: 1 });
    const exchange = await (await front.session(OLD)).post(`[${call('1')},${call('2')}]`);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 1 });
    front.dispatch.last.result('{}');
    expect(exchange.json()).toMatchObject([
      { id: 2, error: { code: -31020 } },
      { id: 1, result: {} },
    ]);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it('send notifications of their requests on the stream of the session', async () => {
    const front = new FrontFixture();
    const session = await front.session({ ...OLD, capabilities: '{"roots":{}}' });
    const stream = await session.listen();
    await session.post(`[${call('1')}]`);
    front.dispatch.last.notify(PROGRESS);
    front.dispatch.last.ask('{"jsonrpc":"2.0","id":1,"method":"roots/list"}', () => {});
    expect(stream.events()).toEqual([PROGRESS, '{"jsonrpc":"2.0","id":"omni-1","method":"roots/list"}']);
  });

  it('keep no notification for a stream that is opened after the answer', async () => {
    const front = new FrontFixture();
    const session = await front.session(OLD);
    await session.post(`[${call('1')}]`);
    front.dispatch.last.notify(PROGRESS);
    front.dispatch.last.result('{}');
    expect((await session.listen()).events()).toEqual([]);
  });

  it('give no answer for what was cancelled', async () => {
    const front = new FrontFixture();
    const session = await front.session(OLD);
    const exchange = await session.post(`[${call('1')},${call('2')}]`);
    await session.post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
    expect(exchange.state).toBe('none');
    front.dispatch.last.bytes('{"jsonrpc":"2.0","id":2,"result":{}}');
    expect(front.dispatch.calls[0]?.cancels).toEqual([undefined]);
    expect(exchange.text()).toBe('[{"jsonrpc":"2.0","id":2,"result":{}}]');
  });

  it('cancel inside the batch what stands before', async () => {
    const front = new FrontFixture();
    const session = await front.session(OLD);
    const exchange = await session.post(
      `[${call('1')},{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"r"}}]`,
    );
    expect(front.dispatch.last.cancels).toEqual(['r']);
    expect(exchange.status).toBe(202);
  });

  it('answer all others when one fails inside', async () => {
    const front = new FrontFixture();
    const session = await front.session(OLD);
    front.dispatch.failure = new RangeError('secret');
    const exchange = await session.post(`[${call('1')},${legacyText('ping', { id: '2' })}]`);
    expect(exchange.json()).toMatchObject([
      { id: 1, error: { code: -32603 } },
      { id: 2, result: {} },
    ]);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it('break off when an answer cannot be written; the others run to their end', async () => {
    const front = new FrontFixture();
    const session = await front.session(OLD);
    const exchange = await session.post(`[${call('1')},${call('2')}]`);
    // JSON has no such number, so that nothing can be made of it.
    front.dispatch.calls[0]?.fail(new GatewayError('OMNI_PARAMS_INVALID', 'x', { data: { n: 1n } }));
    expect(exchange.state).toBe('destroyed');
    front.dispatch.last.result('{}');
    expect(exchange.text()).toBe('');
    expect(front.dispatch.calls.map(({ cancels }) => cancels)).toEqual([[], []]);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0, requests: 3, settled: 3 });
  });

  it('pass questions of a server on as they come from the call', async () => {
    const front = new FrontFixture();
    const session = await front.session({ ...OLD, capabilities: '{"roots":{}}' });
    const stream = await session.listen();
    await session.post(`[${call('1')}]`);
    // What belongs to a call has been put into the client's terms already.
    front.dispatch.toClient = () => {
      throw new TypeError('translated twice');
    };
    front.dispatch.last.ask('{"jsonrpc":"2.0","id":9,"method":"roots/list"}', () => {});
    expect(stream.events()).toEqual(['{"jsonrpc":"2.0","id":"omni-1","method":"roots/list"}']);
  });
});
