import type { AnswerServerRequest } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { FrontFixture, legacyText, messageOf } from '../front.fixture.ts';

const ASK =
  '{"jsonrpc":"2.0","id":77,"method":"sampling/createMessage","params":{"messages":[ ],"n":1.0e2,"_meta":{"x":1}}}';
const CAN_SAMPLE = '{"sampling":{},"roots":{"listChanged":true},"elicitation":{}}';
const TEN_MINUTES_MS = 600_000;

function log(level: string): string {
  return `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":${JSON.stringify(level)},"data":"x"}}`;
}

function cancelText(requestId: string, reason = 'changed my mind'): string {
  return `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${requestId},"reason":"${reason}"}}`;
}

/** Notes down what an upstream's question was answered with. */
function recorder(): { readonly answers: string[]; readonly take: AnswerServerRequest } {
  const answers: string[] = [];
  return {
    answers,
    take: (answer) =>
      answers.push(answer instanceof GatewayError ? `${answer.code}: ${answer.message}` : answer.text),
  };
}

describe('LegacySession', () => {
  it('answers ping itself', async () => {
    const session = await new FrontFixture().session();
    expect((await session.request('ping', { id: '"p"' })).text()).toBe(
      '{"jsonrpc":"2.0","id":"p","result":{}}',
    );
  });

  it.each([
    ['tools/list', 'tools'],
    ['prompts/list', 'prompts'],
    ['resources/list', 'resources'],
    ['resources/templates/list', 'templates'],
  ])('answers %s from the offer, in the form of its era', async (method, kind) => {
    const session = await new FrontFixture().session({ path: '/mcp/files' });
    expect((await session.request(method)).json()).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: { [kind]: [], seenBy: 'files legacy' },
    });
  });

  it('holds lists until the servers have settled', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    front.views.isSettled = false;
    const exchange = await session.request('tools/list');
    expect(exchange.state).toBe('none');
    front.views.settle();
    expect(exchange.state).toBe('responded');
  });

  it('answers no list that was cancelled while it waited', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    front.views.isSettled = false;
    const exchange = await session.request('tools/list');
    await session.request('resources/subscribe', { id: '2', params: '"uri":"file:///a"' });
    expect(front.views.waiting).toBe(2);
    await session.post(cancelText('1'));
    await session.post(cancelText('2'));
    expect(front.views.waiting).toBe(0);
    front.views.settle();
    expect(exchange.events()).toEqual([]);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  // guard: request/cursor
  it('refuses cursors, for it issues none', async () => {
    const session = await new FrontFixture().session();
    const [empty, foreign] = [
      await session.request('tools/list', { params: '"cursor":""' }),
      await session.request('tools/list', { params: '"cursor":"abc"' }),
    ];
    expect(empty.json()).toMatchObject({ result: { tools: [] } });
    expect(foreign.json()).toMatchObject({ error: { code: -32602, data: { code: 'OMNI_CURSOR_INVALID' } } });
  });

  it.each(['tools/call', 'prompts/get', 'resources/read', 'completion/complete'])(
    'routes %s with the session as owner',
    async (method) => {
      const front = new FrontFixture();
      const session = await front.session({ capabilities: CAN_SAMPLE });
      const exchange = await session.request(method, { params: '"name":"x"' });
      const { client, message, paramHeaders } = front.dispatch.last.request;
      expect(client.era).toBe('legacy');
      expect(client.capabilities).toBe(CAN_SAMPLE);
      expect(client.clientInfo).toBe('{"name":"test","version":"1"}');
      expect(client.session?.version).toBe('2025-11-25');
      expect(message.text).toBe(legacyText(method, { params: '"name":"x"' }));
      expect(paramHeaders).toBeUndefined();
      front.dispatch.last.result('{"a":1}');
      expect(exchange.text()).toBe('{"jsonrpc":"2.0","id":1,"result":{"a":1}}');
    },
  );

  it.each([
    ['/mcp', '{"sampling":{"x":1.0}}', 0],
    ['/mcp/files', '{"sampling":{"x":1.0},"tasks":{"list":{}}}', 1],
  ])(
    'lets servers see the tasks of the client where there is one server only: %s',
    async (path, declared, serverRequests) => {
      const front = new FrontFixture();
      const session = await front.session({
        path,
        capabilities: '{"sampling":{"x":1.0},"tasks":{"list":{}}}',
      });
      const stream = await session.listen();
      await session.request('tools/call', { params: '"name":"x"' });
      const { client } = front.dispatch.last.request;
      const { answers, take } = recorder();
      client.session?.onServerRequest(
        'files',
        messageOf('{"jsonrpc":"2.0","id":1,"method":"tasks/list"}'),
        take,
      );
      expect(client.capabilities).toBe(declared);
      expect(client.session?.capabilities).toBe(declared);
      expect(stream.events().length).toBe(serverRequests);
      expect(answers.length).toBe(1 - serverRequests);
    },
  );

  it('gives upstreams a key that is not the id of the session', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { call } = await session.call();
    expect(call.request.client.session?.key).toBe('http-1');
    expect(call.request.client.session?.key === session.id).toBe(false);
  });

  it('carries vendor methods on the endpoint of one server only', async () => {
    const front = new FrontFixture();
    const all = await (await front.session()).request('vendor/x');
    await (await front.session({ path: '/mcp/files' })).request('vendor/x');
    expect(all.json()).toMatchObject({ error: { code: -32601 } });
    expect(front.dispatch.calls).toHaveLength(1);
  });

  it.each(['server/discover', 'subscriptions/listen', 'sampling/createMessage', 'rpc.x', 'initialize'])(
    'does not serve %s inside a session',
    async (method) => {
      const front = new FrontFixture();
      const session = await front.session({ version: '2025-03-26' });
      const exchange = await session.post(`[${legacyText(method)}]`);
      expect(exchange.json()).toMatchObject([
        { id: 1, error: { code: method === 'initialize' ? -32600 : -32601 } },
      ]);
    },
  );

  it('answers two requests with one id over HTTP, each in its own response', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const [first, second, third] = [
      await session.call('7'),
      await session.call('7'),
      await session.call('7'),
    ];
    second.call.result('{"of":"second"}');
    expect(second.exchange.json()).toMatchObject({ id: 7, result: { of: 'second' } });
    expect([first.exchange.state, third.exchange.state]).toEqual(['none', 'none']);
    first.call.result('{"of":"first"}');
    third.call.result('{"of":"third"}');
    expect(first.exchange.json()).toMatchObject({ id: 7, result: { of: 'first' } });
    expect(third.exchange.json()).toMatchObject({ id: 7, result: { of: 'third' } });
  });

  it('cancels each of the requests that have the id of a cancellation, and no other', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const calls = [await session.call('7'), await session.call('8'), await session.call('7')];
    await session.post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}');
    expect(calls.map(({ call }) => call.cancels.length)).toEqual([1, 0, 1]);
  });

  it('counts requests with one id one by one, and keeps a session with one of them from being idle', async () => {
    const front = new FrontFixture({ maxSessionInFlight: 2 });
    const session = await front.session();
    const [first, second] = [await session.call('7'), await session.call('7')];
    const full = await session.request('tools/call', { id: '7', params: '"name":"x"' });
    expect(full.json()).toMatchObject({ error: { data: { code: 'OMNI_OVERLOADED' } } });
    first.call.result('{}');
    await front.clock.advanceAsync(24 * 60 * 60_000);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 1, inFlight: 1 });
    second.call.result('{}');
    await front.clock.advanceAsync(24 * 60 * 60_000);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 0, inFlight: 0 });
  });

  it('tells the id 7 from the id "7"', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const [number, string] = [await session.call('7'), await session.call('"7"')];
    await session.post(cancelText('"7"'));
    number.call.result('{}');
    expect(string.call.cancels).toEqual(['changed my mind']);
    expect(number.call.cancels).toEqual([]);
    expect(number.exchange.json()).toMatchObject({ id: 7 });
    expect(string.exchange.events()).toEqual([]);
  });

  // guard: session/in-flight
  it('runs at most so many requests of one session, and leaves the others alone [S003-RM-02]', async () => {
    const front = new FrontFixture({ maxSessionInFlight: 1 });
    const [busy, other] = [await front.session(), await front.session()];
    const { call } = await busy.call();
    const refused = await busy.request('ping', { id: '2' });
    expect(refused.json()).toMatchObject({ id: 2, error: { code: -31020 } });
    expect((await other.request('ping')).json()).toMatchObject({ result: {} });
    call.result('{}');
    expect((await busy.request('ping', { id: '2' })).json()).toMatchObject({ result: {} });
  });

  it('cancels a call on request, ends its stream and gives no answer [S003-PH-05]', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    const cancel = await session.post(cancelText('1'));
    call.result('{}');
    expect(cancel.status).toBe(202);
    expect(call.cancels).toEqual(['changed my mind']);
    expect(exchange.state).toBe('ended');
    expect(exchange.events()).toEqual([]);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
    // The id is free again.
    expect((await session.request('ping')).json()).toMatchObject({ result: {} });
  });

  it.each([
    ['of another session', '"1"'],
    ['that is unknown', '99'],
    ['that is no id', '{}'],
    ['of the initialize request', '"hello"'],
  ])('ignores the cancellation of an id %s', async (_what, id) => {
    const front = new FrontFixture();
    const [session, other] = [await front.session(), await front.session()];
    const { call } = await session.call('"1"');
    const cancel = await other.post(cancelText(id));
    const none = await session.post('{"jsonrpc":"2.0","method":"notifications/cancelled"}');
    expect(cancel.status).toBe(202);
    expect(none.status).toBe(202);
    expect(call.cancels).toEqual([]);
  });

  it('ignores the cancellation of what is done', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    call.result('{}');
    await session.post(cancelText('1'));
    expect(call.cancels).toEqual([]);
    expect(exchange.state).toBe('responded');
  });

  it('answers and frees the id when something throws inside', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    front.dispatch.failure = new RangeError('secret');
    const failed = await session.request('tools/call', { params: '"name":"x"' });
    expect(failed.json()).toMatchObject({ id: 1, error: { code: -32603 } });
    expect(failed.text()).not.toContain('secret');
    expect(front.complaints).toEqual(['a request failed inside Omni']);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
    expect((await session.request('ping')).json()).toMatchObject({ result: {} });
  });

  // guard: session/level-in-call, session/level
  it.each([
    [undefined, ['debug', 'info', 'warning', 'emergency', 'odd']],
    ['info', ['info', 'warning', 'emergency', 'odd']],
    ['error', ['emergency', 'odd']],
  ])('passes log messages of calls from the level %s on', async (level, heard) => {
    const front = new FrontFixture();
    const session = await front.session();
    if (level !== undefined) {
      const exchange = await session.request('logging/setLevel', { params: `"level":"${level}"` });
      expect(front.dispatch.last.request.message.method).toBe('logging/setLevel');
      front.dispatch.last.result('{}');
      expect(exchange.json()).toMatchObject({ result: {} });
    }
    const { exchange, call } = await session.call();
    const stream = await session.listen();
    for (const one of ['debug', 'info', 'warning', 'emergency', 'odd']) {
      call.notify(log(one));
      call.request.client.session?.onNotification('files', messageOf(log(one)));
    }
    expect(exchange.events()).toEqual(heard.map(log));
    expect(stream.events()).toEqual(heard.map(log));
  });

  it.each(['', '"level":"loud"', '"level":3', '"level":"INFO"'])(
    'refuses the log level {%s}',
    async (params) => {
      const front = new FrontFixture();
      const exchange = await (await front.session()).request('logging/setLevel', { params });
      expect(exchange.json()).toMatchObject({ error: { code: -32602 } });
      expect(front.dispatch.calls).toEqual([]);
    },
  );

  it('subscribes to a resource once, hears of it on its stream, and unsubscribes', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const stream = await session.listen();
    for (const id of ['1', '2'])
      expect(
        (await session.request('resources/subscribe', { id, params: '"uri":"file:///a"' })).json(),
      ).toMatchObject({ result: {} });
    const update =
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///a","more":1.0}}';
    front.updates.subscriptions[0]?.update(update);
    expect(front.updates.subscriptions).toHaveLength(1);
    expect(stream.events()).toEqual([update]);
    expect(
      (await session.request('resources/unsubscribe', { params: '"uri":"file:///a"' })).json(),
    ).toMatchObject({ result: {} });
    expect(front.updates.subscriptions[0]?.isReleased).toBe(true);
    expect(
      (await session.request('resources/unsubscribe', { params: '"uri":"file:///a"' })).json(),
    ).toMatchObject({ result: {} });
  });

  it.each([
    ['no URI', '', 'OMNI_PARAMS_INVALID'],
    ['a number as URI', '"uri":1', 'OMNI_PARAMS_INVALID'],
    ['a resource that nobody has', '"uri":"http://169.254.169.254/"', 'OMNI_NAME_UNKNOWN'],
  ])('does not subscribe to %s', async (_what, params, code) => {
    const front = new FrontFixture();
    const exchange = await (await front.session()).request('resources/subscribe', { params });
    expect(exchange.json()).toMatchObject({ error: { code: -32602, data: { code } } });
    expect(front.updates.subscriptions).toEqual([]);
  });

  // guard: session/foreign-listen
  it('does not show the listen of a modern server in its updates', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const stream = await session.listen();
    await session.request('resources/subscribe', { params: '"uri":"file:///a"' });
    const update =
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///a","_meta":{"io.modelcontextprotocol/subscriptionId":4,"k":1.0}}}';
    front.updates.subscriptions[0]?.update(update);
    expect(stream.events()).toEqual([update.replace('"io.modelcontextprotocol/subscriptionId":4,', '')]);
  });

  // guard: session/subscriptions
  it('has at most a thousand subscriptions', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    for (let n = 0; n < 1_000; n++)
      await session.request('resources/subscribe', { params: `"uri":"file:///${n}"` });
    const [known, refused] = [
      await session.request('resources/subscribe', { params: '"uri":"file:///0"' }),
      await session.request('resources/subscribe', { params: '"uri":"file:///x"' }),
    ];
    expect(known.json()).toMatchObject({ result: {} });
    expect(refused.json()).toMatchObject({ error: { code: -31020 } });
    expect(front.updates.subscriptions.length).toBe(1_000);
  });

  it('passes on why an upstream refuses a subscription', async () => {
    const front = new FrontFixture();
    front.updates.isImmediate = false;
    const exchange = await (
      await front.session()
    ).request('resources/subscribe', { params: '"uri":"file:///a"' });
    expect(exchange.state).toBe('none');
    front.updates.subscriptions[0]?.done(new GatewayError('OMNI_UPSTREAM_DOWN', 'dead'));
    expect(exchange.json()).toMatchObject({ error: { code: -31031 } });
  });

  // guard: session/taken-back
  it('takes back a subscription that does not stand yet', async () => {
    const front = new FrontFixture();
    front.updates.isImmediate = false;
    const session = await front.session();
    const params = '"uri":"file:///a"';
    const released: string[] = [];
    await session.request('resources/subscribe', { id: '1', params });
    await session.request('resources/unsubscribe', { id: '2', params });
    front.updates.subscriptions[0]?.done(() => released.push('taken back'));
    await session.request('resources/subscribe', { id: '3', params });
    front.updates.subscriptions[1]?.done(() => released.push('wanted'));
    expect(released).toEqual(['taken back']);
  });

  it('keeps one subscription of those that were asked for side by side', async () => {
    const front = new FrontFixture();
    front.updates.isImmediate = false;
    const session = await front.session();
    for (const id of ['1', '2'])
      await session.request('resources/subscribe', { id, params: '"uri":"file:///a"' });
    const released: number[] = [];
    front.updates.subscriptions.forEach(({ done }, n) => done(() => released.push(n)));
    expect(front.updates.subscriptions).toHaveLength(2);
    expect(released).toEqual([0]);
  });

  // guard: session/release
  it('releases subscriptions when it ends, also those that come too late', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    await session.request('resources/subscribe', { params: '"uri":"file:///a"' });
    front.updates.isImmediate = false;
    await session.request('resources/subscribe', { params: '"uri":"file:///b"' });
    await session.end();
    let isLateReleased = false;
    front.updates.subscriptions[1]?.done(() => (isLateReleased = true));
    expect(front.updates.subscriptions[0]?.isReleased).toBe(true);
    expect(isLateReleased).toBe(true);
  });

  // guard: question/own-ids
  it('asks the client on the stream of the call, under an id of its own, and gives the answer back', async () => {
    const front = new FrontFixture();
    const session = await front.session({ capabilities: CAN_SAMPLE });
    const { exchange, call } = await session.call();
    const { answers, take } = recorder();
    call.ask(ASK, take);
    expect(exchange.events()).toEqual([
      '{"jsonrpc":"2.0","id":"omni-1","method":"sampling/createMessage","params":{"messages":[ ],"n":1.0e2,"_meta":{"x":1}}}',
    ]);
    const answer = '{"jsonrpc":"2.0","id":"omni-1","result":{"role":"assistant","n":1.0e2}}';
    const posted = [await session.post(answer), await session.post(answer)];
    expect(answers).toEqual([answer]);
    expect(posted.map(({ status }) => status)).toEqual([202, 202]);
    call.result('{}');
    expect(exchange.events()).toHaveLength(2);
  });

  it('asks on a stream whose client reads slowly', async () => {
    const front = new FrontFixture();
    const session = await front.session({ capabilities: CAN_SAMPLE });
    const { exchange, call } = await session.call();
    const { answers, take } = recorder();
    exchange.backlogBytes = 20_000;
    call.ask(ASK, take);
    await session.post('{"jsonrpc":"2.0","id":"omni-1","result":{}}');
    expect(answers).toEqual(['{"jsonrpc":"2.0","id":"omni-1","result":{}}']);
  });

  it('asks on the standalone stream what belongs to no call', async () => {
    const front = new FrontFixture();
    const session = await front.session({ capabilities: CAN_SAMPLE });
    const { exchange, call } = await session.call();
    const { answers, take } = recorder();
    const stream = await session.listen();
    call.request.client.session?.onServerRequest(
      'files',
      messageOf('{"jsonrpc":"2.0","id":1,"method":"roots/list"}'),
      take,
    );
    expect(stream.events()).toEqual(['{"jsonrpc":"2.0","id":"omni-1","method":"roots/list"}']);
    expect(exchange.state).toBe('none');
    await session.post('{"jsonrpc":"2.0","id":"omni-1","error":{"code":1,"message":"no"}}');
    expect(answers).toEqual(['{"jsonrpc":"2.0","id":"omni-1","error":{"code":1,"message":"no"}}']);
  });

  it('hears outside of calls only what is for it', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { call } = await session.call();
    const stream = await session.listen();
    const texts = ['notifications/foreign', 'notifications/own'].map(
      (method) => `{"jsonrpc":"2.0","method":"${method}"}`,
    );
    for (const text of texts) call.request.client.session?.onNotification('files', messageOf(text));
    expect(stream.events()).toEqual(texts.slice(1));
  });

  // guard: question/no-stream
  it('does not keep questions for a stream that is not open', async () => {
    const front = new FrontFixture();
    const session = await front.session({ capabilities: CAN_SAMPLE });
    const { call } = await session.call();
    const { answers, take } = recorder();
    call.request.client.session?.onServerRequest('files', messageOf(ASK), take);
    expect((await session.listen()).events()).toEqual([]);
    expect(answers).toEqual([
      'OMNI_METHOD_UNKNOWN: The client has no stream open on which it could be asked',
    ]);
  });

  // guard: question/capability
  it.each(['sampling/createMessage', 'elicitation/create', 'roots/list'])(
    'does not ask for %s what the client did not declare',
    async (method) => {
      const front = new FrontFixture();
      const session = await front.session({
        capabilities: '{"experimental":{"sampling":{},"elicitation":{},"roots":{}}}',
      });
      const { exchange, call } = await session.call();
      const { answers, take } = recorder();
      call.ask(`{"jsonrpc":"2.0","id":1,"method":"${method}"}`, take);
      expect(answers).toEqual([expect.stringContaining('OMNI_METHOD_UNKNOWN')]);
      expect(exchange.state).toBe('none');
    },
  );

  it('passes questions on that need no known capability', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    call.ask('{"jsonrpc":"2.0","id":1,"method":"vendor/ask"}', () => {});
    expect(exchange.events()).toEqual(['{"jsonrpc":"2.0","id":"omni-1","method":"vendor/ask"}']);
  });

  it('takes no answer of another session', async () => {
    const front = new FrontFixture();
    const [session, other] = [
      await front.session({ capabilities: CAN_SAMPLE }),
      await front.session({ capabilities: CAN_SAMPLE }),
    ];
    const { call } = await session.call();
    const { answers, take } = recorder();
    call.ask(ASK, take);
    await other.post('{"jsonrpc":"2.0","id":"omni-1","result":{}}');
    await session.post('{"jsonrpc":"2.0","id":"omni-2","result":{}}');
    await session.post('{"jsonrpc":"2.0","id":77,"result":{}}');
    expect(answers).toEqual([]);
  });

  // guard: question/deadline
  it('waits ten minutes for the answer of a person', async () => {
    const front = new FrontFixture({ sessionIdleMs: TEN_MINUTES_MS * 10 });
    const session = await front.session({ capabilities: CAN_SAMPLE });
    const { call } = await session.call();
    const { answers, take } = recorder();
    call.ask(ASK, take);
    front.clock.advance(TEN_MINUTES_MS - 1_000);
    expect(answers).toEqual([]);
    front.clock.advance(1_000);
    await session.post('{"jsonrpc":"2.0","id":"omni-1","result":{}}');
    expect(answers).toEqual(['OMNI_CANCELLED: The client did not answer in time']);
  });

  it('tells the client, on the stream of its serverRequest, that the answer is not wanted any more', async () => {
    const front = new FrontFixture({ sessionIdleMs: TEN_MINUTES_MS * 10 });
    const session = await front.session({ capabilities: CAN_SAMPLE });
    const { call, exchange } = await session.call();
    const { answers, take } = recorder();
    const withdrawal = new AbortController();
    call.ask(ASK, take, withdrawal.signal);
    call.ask(ASK, take);
    withdrawal.abort();
    front.clock.advance(TEN_MINUTES_MS);
    const told = exchange
      .events()
      .flatMap((text) => (text.includes('notifications/cancelled') ? [JSON.parse(text) as unknown] : []));
    expect(told).toMatchObject([
      { params: { requestId: 'omni-1' } },
      { params: { requestId: 'omni-2', reason: 'no answer came in time' } },
    ]);
    await session.post('{"jsonrpc":"2.0","id":"omni-1","result":{}}');
    expect(answers).toEqual(['OMNI_CANCELLED: The client did not answer in time']);
  });

  it('tells the client nothing about a question that it has answered, nor asks one that is not wanted already', async () => {
    const session = await new FrontFixture().session({ capabilities: CAN_SAMPLE });
    const { call, exchange } = await session.call();
    const { answers, take } = recorder();
    const [late, early] = [new AbortController(), new AbortController()];
    early.abort();
    call.ask(ASK, take, early.signal);
    call.ask(ASK, take, late.signal);
    await session.post('{"jsonrpc":"2.0","id":"omni-1","result":{}}');
    late.abort();
    expect(exchange.events()).toHaveLength(1);
    expect(answers).toHaveLength(1);
  });

  it('hands on to its servers that the roots of the client have changed, and nothing else', async () => {
    const front = new FrontFixture();
    const session = await front.session({ capabilities: CAN_SAMPLE });
    const { call } = await session.call();
    const heard: string[] = [];
    call.request.client.session?.addClientNotificationListener((notification) =>
      heard.push(notification.text),
    );
    const notification = '{"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{"n":1.0}}';
    await session.post(notification);
    await session.post('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    expect(heard).toEqual([notification]);
  });

  it('tells its servers the level that the client has set', async () => {
    const session = await new FrontFixture().session();
    const { call } = await session.call();
    const owner = call.request.client.session;
    const before = owner?.logLevel();
    await session.request('logging/setLevel', { id: '2', params: '"level":"error"' });
    expect(before).toBeUndefined();
    expect(owner?.logLevel()).toBe('error');
  });

  it('answers open questions when it ends', async () => {
    const front = new FrontFixture();
    const session = await front.session({ capabilities: CAN_SAMPLE });
    const { call } = await session.call();
    const { answers, take } = recorder();
    call.ask(ASK, take);
    await session.end();
    expect(answers).toEqual(['OMNI_CANCELLED: The client has ended its session']);
  });

  // guard: question/count
  it('has at most a hundred questions open', async () => {
    const front = new FrontFixture();
    const session = await front.session({ capabilities: CAN_SAMPLE });
    const { exchange, call } = await session.call();
    const { answers, take } = recorder();
    for (let n = 0; n < 101; n++) call.ask(ASK, take);
    expect(exchange.events()).toHaveLength(100);
    expect(answers).toEqual([expect.stringContaining('OMNI_OVERLOADED')]);
  });

  it('tells its connections once that it has ended, also those that ask later', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const owner = (await session.call()).call.request.client.session;
    const heard: string[] = [];
    owner?.onEnd(() => heard.push('early'));
    owner?.onEnd(() => heard.push('taken away'))();
    await session.end();
    owner?.onEnd(() => heard.push('late'));
    expect(heard).toEqual(['early', 'late']);
  });
});
