import { GatewayError } from '@omni/ports';
import type { RecordingExchange } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { FrontFixture, messageOf } from '../front.fixture.ts';

const ID = 'io.modelcontextprotocol/subscriptionId';

function listen(front: FrontFixture, filter: string, id = '7', path = '/mcp'): Promise<RecordingExchange> {
  return front.modern('subscriptions/listen', { id, path, params: `"notifications":${filter}` });
}

function updated(params: string): string {
  return `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":${params}}`;
}

function changed(kind: string, id = '7'): string {
  return `{"jsonrpc":"2.0","method":"notifications/${kind}/list_changed","params":{"_meta":{"${ID}":${id}}}}`;
}

describe('ListenHub', () => {
  it.each(['7', '"7"', '9007199254740993'])(
    'acknowledges first, with the id %s as it was sent',
    async (id) => {
      const front = new FrontFixture();
      const exchange = await listen(front, '{"toolsListChanged":true,"promptsListChanged":false}', id);
      front.views.change(['tools']);
      expect(exchange.status).toBe(200);
      expect(exchange.events()).toEqual([
        `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"${ID}":${id}},"notifications":{"toolsListChanged":true}}}`,
        changed('tools', id),
      ]);
    },
  );

  // guard: listen/known
  it('acknowledges what it honours of a filter with unknown keys and unknown resources', async () => {
    const exchange = await listen(
      new FrontFixture(),
      '{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["file:///a","http://x/","file:///a"],"vendor":["t"]}',
    );
    expect(JSON.parse(exchange.events()[0] ?? '')).toMatchObject({
      params: {
        notifications: {
          toolsListChanged: true,
          promptsListChanged: true,
          resourcesListChanged: true,
          resourceSubscriptions: ['file:///a'],
        },
      },
    });
  });

  it('acknowledges an empty filter and then says nothing', async () => {
    const front = new FrontFixture();
    const exchange = await listen(front, '{}');
    front.views.change(['tools', 'prompts', 'resources']);
    expect(exchange.events().map((text) => JSON.parse(text))).toMatchObject([
      { params: { notifications: {} } },
    ]);
  });

  it.each([
    ['no filter', '"x":1'],
    ['an array as filter', '"notifications":[]'],
    ['a filter with a key twice', '"notifications":{"toolsListChanged":true,"toolsListChanged":false}'],
    ['a flag of another type', '"notifications":{"toolsListChanged":"yes"}'],
    ['resources of another type', '"notifications":{"resourceSubscriptions":"file:///a"}'],
    ['a number among the resources', '"notifications":{"resourceSubscriptions":["file:///a",1]}'],
    ['a number among the tasks', '"notifications":{"taskIds":["t",1]}'],
    [
      'more than a hundred tasks',
      `"notifications":{"taskIds":${JSON.stringify(Array.from({ length: 101 }, (_, n) => String(n)))}}`,
    ],
  ])('refuses %s', async (_what, params) => {
    const front = new FrontFixture();
    const exchange = await front.modern('subscriptions/listen', { params });
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject({ id: 1, error: { code: -32602 } });
    expect(front.handler.getStatus().details).toMatchObject({ listens: 0 });
  });

  // guard: listen/resources
  it('refuses more than a thousand resources', async () => {
    const front = new FrontFixture({ maxBodyBytes: 100_000, maxElements: 10_000 });
    const uris = Array.from({ length: 1_001 }, (_, n) => `file:///${n}`);
    const [full, over] = [
      await listen(front, JSON.stringify({ resourceSubscriptions: uris.slice(1) })),
      await listen(front, JSON.stringify({ resourceSubscriptions: uris })),
    ];
    expect(full.status).toBe(200);
    expect(over.status).toBe(400);
  });

  it('delivers no change of what other clients are offered', async () => {
    const front = new FrontFixture();
    const exchange = await listen(front, '{"toolsListChanged":true}');
    front.views.change(['tools'], undefined, ({ era }) => era === 'legacy');
    expect(exchange.events()).toHaveLength(1);
    front.views.change(['tools'], undefined, ({ era }) => era === 'modern');
    expect(exchange.events()).toHaveLength(2);
  });

  // guard: listen/scope, listen/asked-for
  it('delivers only what was asked for, to the endpoint where it was asked', async () => {
    const front = new FrontFixture();
    const [tools, prompts, files] = [
      await listen(front, '{"toolsListChanged":true}', '1'),
      await listen(front, '{"promptsListChanged":true,"resourcesListChanged":true}', '2'),
      await listen(front, '{"toolsListChanged":true}', '3', '/mcp/files'),
    ];
    front.views.change(['resources', 'tools']);
    front.views.change(['tools'], 'mail');
    expect([tools, prompts, files].map((exchange) => exchange.events().slice(1))).toEqual([
      [changed('tools', '1')],
      [changed('resources', '2')],
      [],
    ]);
  });

  it.each([
    ['no _meta', '{"uri":"file:///a","x":1.0}', `{"_meta":{"${ID}":7},"uri":"file:///a","x":1.0}`],
    ['no members', '{}', `{"_meta":{"${ID}":7}}`],
    [
      'foreign _meta',
      '{"uri":"file:///a","_meta":{"trace":1}}',
      `{"uri":"file:///a","_meta":{"${ID}":7,"trace":1}}`,
    ],
    ['an empty _meta', '{"_meta":{}}', `{"_meta":{"${ID}":7}}`],
    [
      'the id of our own listen',
      `{"_meta":{"${ID}":"up-3"},"uri":"file:///a"}`,
      `{"_meta":{"${ID}":7},"uri":"file:///a"}`,
    ],
    [
      'a _meta of another type',
      '{"_meta":null,"uri":"file:///a"}',
      `{"_meta":{"${ID}":7},"uri":"file:///a"}`,
    ],
  ])('marks updates with %s as its own and changes nothing else', async (_what, params, sent) => {
    const front = new FrontFixture();
    const exchange = await listen(front, '{"resourceSubscriptions":["file:///a"]}');
    front.updates.subscriptions[0]?.update(updated(params));
    expect(exchange.events()[1]).toBe(updated(sent));
  });

  it('drops an update without parameters', async () => {
    const front = new FrontFixture();
    const exchange = await listen(front, '{"resourceSubscriptions":["file:///a"]}');
    front.updates.subscriptions[0]?.update('{"jsonrpc":"2.0","method":"notifications/resources/updated"}');
    expect(exchange.events()).toHaveLength(1);
  });

  it('acknowledges the resources whose servers have taken the subscription, and keeps what comes before', async () => {
    const front = new FrontFixture();
    front.updates.isImmediate = false;
    const exchange = await listen(
      front,
      '{"toolsListChanged":true,"resourceSubscriptions":["file:///a","file:///b"]}',
    );
    const [a, b] = front.updates.subscriptions;
    a?.done(() => {});
    a?.update(updated('{"uri":"file:///a"}'));
    front.views.change(['tools']);
    expect(exchange.events()).toEqual([]);
    b?.done(new GatewayError('OMNI_UPSTREAM_DOWN', 'dead'));
    expect(exchange.events()).toEqual([
      `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"${ID}":7},"notifications":{"toolsListChanged":true,"resourceSubscriptions":["file:///a"]}}}`,
      updated(`{"_meta":{"${ID}":7},"uri":"file:///a"}`),
      changed('tools'),
    ]);
  });

  it('does not wait longer than 700 ms for a server that does not say', async () => {
    const front = new FrontFixture();
    front.updates.isImmediate = false;
    const exchange = await listen(front, '{"resourceSubscriptions":["file:///a"]}');
    await front.clock.advanceAsync(699);
    const before = exchange.events().length;
    await front.clock.advanceAsync(1);
    front.updates.subscriptions[0]?.done(new GatewayError('OMNI_UPSTREAM_DOWN', 'dead'));
    expect(before).toBe(0);
    expect(exchange.events().map((text) => JSON.parse(text))).toMatchObject([
      { params: { notifications: { resourceSubscriptions: ['file:///a'] } } },
    ]);
  });

  it('knows resources of a just started Omni when its servers have settled', async () => {
    const front = new FrontFixture();
    front.views.isSettled = false;
    const exchange = await listen(front, '{"resourceSubscriptions":["file:///a"]}');
    const before = [exchange.events().length, front.updates.subscriptions.length];
    front.views.settle();
    expect(before).toEqual([0, 0]);
    expect(exchange.events()).toHaveLength(1);
    expect(front.updates.subscriptions).toHaveLength(1);
  });

  it('waits for no server any more when the client goes', async () => {
    const front = new FrontFixture();
    front.views.isSettled = false;
    const exchange = await listen(front, '{"resourceSubscriptions":["file:///a"]}');
    expect(front.views.waiting).toBe(1);
    exchange.leave();
    expect(front.views.waiting).toBe(0);
  });

  it('says nothing of what it has kept when Omni stops before the acknowledgement', async () => {
    const front = new FrontFixture();
    front.updates.isImmediate = false;
    const exchange = await listen(front, '{"toolsListChanged":true,"resourceSubscriptions":["file:///a"]}');
    front.views.change(['tools']);
    await front.handler.stop({ deadlineMs: 1_000 });
    expect(exchange.text()).toBe(
      `{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","_meta":{"${ID}":7}}}`,
    );
  });

  // guard: listen/release
  it('releases its resources when the client goes, also those that come too late', async () => {
    const front = new FrontFixture();
    const exchange = await listen(front, '{"resourceSubscriptions":["file:///a"]}');
    front.updates.isImmediate = false;
    const late = await listen(front, '{"resourceSubscriptions":["file:///b"]}', '8');
    exchange.leave();
    late.leave();
    let isLateReleased = false;
    front.updates.subscriptions[1]?.done(() => (isLateReleased = true));
    front.updates.subscriptions[0]?.update(updated('{}'));
    front.views.change(['tools']);
    expect(front.updates.subscriptions[0]?.isReleased).toBe(true);
    expect(isLateReleased).toBe(true);
    expect(front.handler.getStatus().details).toMatchObject({ listens: 0 });
  });

  it('ends in good order when Omni stops', async () => {
    const front = new FrontFixture();
    const exchange = await listen(
      front,
      '{"toolsListChanged":true,"resourceSubscriptions":["file:///a"]}',
      '"x"',
    );
    await front.handler.stop({ deadlineMs: 1_000 });
    expect(exchange.state).toBe('ended');
    expect(exchange.events()[1]).toBe(
      `{"jsonrpc":"2.0","id":"x","result":{"resultType":"complete","_meta":{"${ID}":"x"}}}`,
    );
    expect(front.updates.subscriptions[0]?.isReleased).toBe(true);
    expect(front.views.watchers).toBe(0);
  });

  it('takes no place of the requests that run', async () => {
    const front = new FrontFixture({ maxInFlight: 1 });
    await listen(front, '{}', '1');
    await listen(front, '{}', '2');
    const call = await front.modern('tools/call', { params: '"name":"x"', name: 'x' });
    expect(call.state).toBe('none');
    expect(front.handler.getStatus().details).toMatchObject({ listens: 2, inFlight: 1 });
  });

  // guard: listen/count
  it('is open at most a thousand times for one user, which leaves room for others', async () => {
    const front = new FrontFixture();
    for (let n = 0; n < 1_000; n++) await listen(front, '{}', String(n));
    const refused = await listen(front, '{}');
    expect(refused.status).toBe(503);
    expect(refused.json()).toMatchObject({ error: { code: -31020 } });
    expect(refused.responseHeader('retry-after')).toBe('1');
    const other = await front.modern('subscriptions/listen', {
      id: '1',
      params: '"notifications":{}',
      token: 'other',
    });
    expect(other.status).toBe(200);
  });

  it('acknowledges tasks when it is known whose they are, and keeps what comes before', async () => {
    const front = new FrontFixture();
    const exchange = await listen(
      front,
      '{"toolsListChanged":true,"resourceSubscriptions":["file:///a"],"taskIds":["t","u","t"]}',
    );
    front.views.change(['tools']);
    const [watch] = front.dispatch.taskWatches;
    expect(watch?.taskIds).toEqual(['t', 'u']);
    expect(watch?.message.method).toBe('subscriptions/listen');
    expect(watch?.client.principal.id).toBe('owner');
    expect(exchange.events()).toEqual([]);
    watch?.onOpen(['u']);
    const honoured = '{"toolsListChanged":true,"resourceSubscriptions":["file:///a"],"taskIds":["u"]}';
    expect(exchange.events()).toEqual([
      `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"${ID}":7},"notifications":${honoured}}}`,
      changed('tools'),
    ]);
  });

  // guard: listen/slow-reader
  it('tells of tasks under the id of the listen, the last of each to a client that reads slowly', async () => {
    const front = new FrontFixture();
    const exchange = await listen(front, '{"taskIds":["t","u"]}');
    const [watch] = front.dispatch.taskWatches;
    const task = (params: string): string =>
      `{"jsonrpc":"2.0","method":"notifications/tasks","params":${params}}`;
    const notify = (id: string, n: string): void =>
      watch?.onTaskNotification(id, messageOf(task(`{"_meta":{"${ID}":"up"},"taskId":"${id}","n":${n}}`)));
    watch?.onOpen(['t', 'u']);
    notify('t', '1.0');
    exchange.backlogBytes = 1;
    for (const n of ['2.0', '3.0', '4.0']) notify('t', n);
    notify('u', '5.0');
    exchange.drain();
    expect(exchange.events().slice(1)).toEqual(
      ['t:1.0', 't:2.0', 't:4.0', 'u:5.0'].map((line) => {
        const [id, n] = line.split(':');
        return task(`{"_meta":{"${ID}":7},"taskId":"${id}","n":${n}}`);
      }),
    );
    exchange.leave();
    expect(watch?.isEnded).toBe(true);
  });

  it('says nothing to a client that is gone before its tasks are found', async () => {
    const front = new FrontFixture();
    const exchange = await listen(front, '{"taskIds":["t"]}');
    exchange.leave();
    const [watch] = front.dispatch.taskWatches;
    watch?.onOpen(['t']);
    expect(exchange.events()).toEqual([]);
    expect(watch?.isEnded).toBe(true);
    expect(front.handler.getStatus().details).toMatchObject({ listens: 0 });
  });

  it('keeps the last of each subject for a client that reads slowly', async () => {
    const front = new FrontFixture();
    const exchange = await listen(
      front,
      '{"toolsListChanged":true,"resourceSubscriptions":["file:///a","file:///b"]}',
    );
    exchange.backlogBytes = 1;
    front.views.change(['tools']);
    for (const version of [1, 2, 3]) front.updates.subscriptions[0]?.update(updated(`{"v":${version}}`));
    front.updates.subscriptions[1]?.update(updated('{"v":9}'));
    front.views.change(['tools']);
    front.views.change(['tools']);
    expect(exchange.events()).toHaveLength(2);
    exchange.drain();
    const late = exchange.events().slice(2);
    expect(late.map((text) => text.replace(`"_meta":{"${ID}":7},`, ''))).toEqual([
      updated('{"v":3}'),
      updated('{"v":9}'),
      changed('tools'),
    ]);
  });

  it('sends what it kept before it ends', async () => {
    const front = new FrontFixture();
    const exchange = await listen(front, '{"toolsListChanged":true}');
    exchange.backlogBytes = 1;
    front.views.change(['tools']);
    front.views.change(['tools']);
    await front.handler.stop({ deadlineMs: 1_000 });
    exchange.drain();
    expect(exchange.events()).toHaveLength(4);
  });
});
