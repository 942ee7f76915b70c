import { describe, expect, it } from '@jest/globals';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { ALL_SERVERS, type ClientBinding, type ClientContext, internalCall } from '@omni/model';
import { GatewayError, type UpstreamSpec } from '@omni/ports';
import {
  RecordingCall,
  ScriptedServer,
  upstreamSpecOf,
  VirtualClock,
  type ScriptedInstance,
  type ScriptedMessage,
} from '@omni/testing';
import { connectionLater, connectionNow, connectionOf } from './found-connection.fixture.ts';
import type { HoldPlace } from './connection/call-chains.ts';
import type { UpstreamLimits } from './connection/upstream-limits.ts';

import { Upstreams } from './upstreams.ts';

const CRASH = new GatewayError('OMNI_UPSTREAM_EXITED', '"up" ended with exit code 3');
const LISTS = '{"tools":{"listChanged":true},"prompts":{},"resources":{"listChanged":true,"subscribe":true}}';

type Script = (message: ScriptedMessage, instance: ScriptedInstance) => void;

const legacy: Script = (message, instance) => {
  if (message.method === 'server/discover') instance.refuse(message, -32601);
  if (message.method === 'initialize')
    instance.reply(message, `{"protocolVersion":"2025-11-25","capabilities":${LISTS}}`);
  if (message.method === 'resources/subscribe' || message.method === 'resources/unsubscribe')
    instance.reply(message, '{}');
};
const modernOf =
  (versions: string): Script =>
  (message, instance) => {
    if (message.method === 'server/discover')
      instance.reply(message, `{"supportedVersions":[${versions}],"capabilities":${LISTS}}`);
    if (message.method === 'initialize' && versions.includes('2025')) legacy(message, instance);
    else if (message.method === 'initialize')
      instance.refuse(message, -32022, '{"supported":["2026-07-28"]}');
    if (message.method === 'subscriptions/listen') acknowledge(message, instance);
  };
const modern = modernOf('"2026-07-28"');

describe('Upstream', () => {
  it('goes from starting to ready and tells its observer', async () => {
    const { upstream, clock, log } = open(legacy);
    expect(upstream.record.state.phase).toBe('stopped');
    upstream.start();
    upstream.start();
    expect(upstream.record.state.phase).toBe('starting');
    await clock.advanceAsync(0);
    expect(log).toEqual(['starting', 'ready', 'list legacy']);
    expect(upstream.snapshot).toMatchObject({
      record: { state: { phase: 'ready', era: 'legacy', isListed: false } },
      facts: { mayBeCalled: true, inFlight: 0, instances: 0 },
    });
  });

  it('is not started when it is disabled, and says why', async () => {
    const { upstream, server, clock } = open(legacy, {
      enabled: false,
      disabledReason: 'its command is missing',
    });
    upstream.start();
    await clock.advanceAsync(60_000);
    expect(server.instances).toEqual([]);
    expect(connectionNow(upstream, MODERN_CLIENT)).toMatchObject({
      code: 'OMNI_UPSTREAM_DISABLED',
      message: '"up" is switched off: its command is missing',
    });
  });

  // guard: restart/used
  it('tries again after 500, 1500, 3500, 8500 and 18500 ms, then by trials [S000-GRD-05]', async () => {
    const startedAt: number[] = [];
    const clock = new VirtualClock();
    const { upstream } = open(
      (_message, instance) => {
        startedAt.push(clock.monotonicMs());
        instance.exit(CRASH);
      },
      { protocol: 'legacy' },
      { clock },
    );
    upstream.start();
    await clock.advanceAsync(80_000);
    expect(startedAt).toEqual([0, 500, 1_500, 3_500, 8_500, 18_500, 48_500]);
    expect(upstream.record).toMatchObject({
      state: { phase: 'down', circuit: 'failures', error: { code: 'OMNI_UPSTREAM_EXITED' } },
      history: { consecutiveFailures: 6 },
    });
  });

  it('leaves a server alone for as long as it asks for', async () => {
    const startedAt: number[] = [];
    const clock = new VirtualClock();
    const { upstream } = open(
      (_message, instance) => {
        startedAt.push(clock.monotonicMs());
        const data = { status: 429, retryAfterSeconds: 20 };
        instance.exit(new GatewayError('OMNI_UPSTREAM_HTTP_STATUS', 'busy', { data }));
      },
      { protocol: 'legacy' },
      { clock },
    );
    upstream.start();
    await clock.advanceAsync(70_000);
    expect(startedAt).toEqual([0, 20_000, 40_000, 60_000]);
  });

  // guard: restart/fails-fast
  it('restarts after a crash, fails what ran, and refuses calls at once in between', async () => {
    const { upstream, server, clock, log } = await ready(legacy);
    const call = new RecordingCall<RpcMessage>();
    connectionOf(upstream, MODERN_CLIENT).send(internalCall('tools/call', '{}'), call);
    server.instances[0]?.exit(CRASH);
    expect(call.failure).toBe(CRASH);
    expect(upstream.connection).toBeUndefined();
    expect(connectionNow(upstream, MODERN_CLIENT)).toMatchObject({
      code: 'OMNI_UPSTREAM_DOWN',
      message: '"up" is down: "up" ended with exit code 3',
      cause: CRASH,
    });
    await clock.advanceAsync(500);
    expect(log.slice(3)).toEqual(['down', 'starting', 'ready', 'list legacy']);
    expect(connectionOf(upstream, MODERN_CLIENT)).toBe(upstream.connection);
    expect(server.instances[1]?.received[0]?.method).toBe('initialize');
  });

  // guard: restart/start-wait
  it('lets calls wait while it starts, for ten seconds at most', async () => {
    const { upstream, server, clock } = open(() => {}, { protocol: 'legacy' });
    upstream.start();
    const served = connectionLater(upstream, MODERN_CLIENT);
    await clock.advanceAsync(9_900);
    const late = connectionLater(upstream, MODERN_CLIENT);
    expect(served.result).toBeUndefined();
    await clock.advanceAsync(100);
    expect(served.result).toMatchObject({
      code: 'OMNI_UPSTREAM_STARTING',
      message: '"up" has not finished starting within 10 s',
    });
    const [instance] = server.instances;
    const [serverRequest] = instance?.received ?? [];
    if (instance !== undefined && serverRequest !== undefined) legacy(serverRequest, instance);
    expect(late.result).toBe(upstream.connection);
  });

  // guard: restart/waiting
  it('lets only as many calls wait while it starts as there are places', async () => {
    const { holdPlace } = new Places(2);
    const { upstream } = open(() => {}, { protocol: 'legacy' }, { holdPlace });
    upstream.start();
    const waiting = [1, 2, 3].map(() => connectionLater(upstream, MODERN_CLIENT));
    expect(waiting.map(({ result }) => result)).toEqual([
      undefined,
      undefined,
      expect.objectContaining({ code: 'OMNI_OVERLOADED' }),
    ]);
    await upstream.stop();
  });

  // guard: restart/place-back
  it.each(['ready', 'exit', 'silence', 'stop'])(
    'gives the places of those who wait back at %s',
    async (end) => {
      const places = new Places(9);
      const script: Script = (message, instance) => {
        if (end === 'ready') legacy(message, instance);
        if (end === 'exit') instance.exit(CRASH);
      };
      const { upstream, clock } = open(script, { protocol: 'legacy' }, { holdPlace: places.holdPlace });
      upstream.start();
      connectionLater(upstream, MODERN_CLIENT);
      connectionLater(upstream, MODERN_CLIENT);
      expect(places.held).toBe(2);
      if (end === 'stop') await upstream.stop();
      else await clock.advanceAsync(end === 'silence' ? 10_000 : 0);
      expect(places.held).toBe(0);
    },
  );

  it('gives the place of a call back that waits no longer', async () => {
    const places = new Places(1);
    const { upstream, clock } = open(() => {}, { protocol: 'legacy' }, { holdPlace: places.holdPlace });
    upstream.start();
    const told: unknown[] = [];
    const withdraw = upstream.connectionFor(MODERN_CLIENT, (result) => told.push(result));
    withdraw();
    withdraw();
    expect(places.held).toBe(0);
    await clock.advanceAsync(10_000);
    expect(told).toEqual([]);
  });

  it('tells those who wait when the start fails', async () => {
    const { upstream, clock } = open((_message, instance) => instance.exit(CRASH), { protocol: 'legacy' });
    upstream.start();
    const waiting = connectionLater(upstream, MODERN_CLIENT);
    await clock.advanceAsync(0);
    expect(waiting.result).toMatchObject({ code: 'OMNI_UPSTREAM_DOWN' });
  });

  it('hands on what a session declares to the instance of its own, and to nobody else', async () => {
    const { upstream, server, clock } = await ready(legacy, { roots: 'pass' });
    const [session, other] = [new Session('{"roots":{"listChanged":true}}'), new Session('{"roots":{}}')];
    for (const { client } of [session, other]) connectionLater(upstream, client);
    await clock.advanceAsync(0);
    const notification = parseMessage(
      '{"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{"n":1.0}}',
      {
        maxDepth: 9,
        maxElements: 99,
      },
    );
    if (notification.kind !== 'notification') throw new TypeError('no notification');
    session.declare(notification);
    expect(
      server.instances.map((instance) => instance.last('notifications/roots/list_changed')?.text),
    ).toEqual([undefined, notification.text, undefined]);
  });

  it('does not disturb others while it is down', async () => {
    const clock = new VirtualClock();
    const good = new ScriptedServer(legacy);
    const bad = new ScriptedServer((_message, instance) => instance.exit(CRASH));
    const specs = [
      upstreamSpecOf({ kind: 'channel', open: bad.open }, { name: 'bad' }),
      upstreamSpecOf({ kind: 'channel', open: good.open }, { name: 'good' }),
    ];
    const upstreams = new Upstreams({
      specs,
      clock,
      identity: { name: 'omni', version: '1' },
      random: () => 0,
      observer: { onStateChanged() {}, onReady() {}, onListsChanged() {} },
    });
    upstreams.start();
    await clock.advanceAsync(60_000);
    expect(upstreams.all().map(({ name, record }) => [name, record.state.phase])).toEqual([
      ['bad', 'down'],
      ['good', 'ready'],
    ]);
    expect(good.instances).toHaveLength(1);
    expect(upstreams.get('nobody')).toBeUndefined();
    await upstreams.stop();
    await clock.advanceAsync(60_000);
    expect(clock.pendingTimers).toBe(0);
    expect(good.instances[0]?.isOpen).toBe(false);
  });

  it('closes everything when it is stopped, and can be started again', async () => {
    const { upstream, server, clock } = await ready(modernOf('"2026-07-28","2025-11-25"'));
    const session = new Session('{"sampling":{}}');
    connectionLater(upstream, session.client);
    await clock.advanceAsync(0);
    const call = new RecordingCall<RpcMessage>();
    connectionOf(upstream, MODERN_CLIENT).send(internalCall('tools/call', '{}'), call);
    await upstream.stop();
    await clock.advanceAsync(0);
    expect(call.failure).toMatchObject({ code: 'OMNI_UPSTREAM_DOWN', message: '"up" was stopped' });
    expect(server.instances.map((instance) => instance.isOpen)).toEqual([false, false]);
    expect(connectionNow(upstream, MODERN_CLIENT)).toMatchObject({ code: 'OMNI_UPSTREAM_DOWN' });
    expect(clock.pendingTimers).toBe(0);
    upstream.start();
    await clock.advanceAsync(0);
    expect(upstream.record.state.phase).toBe('ready');
  });

  it.each<[UpstreamSpec['instances'], string, number]>([
    ['auto', '{}', 1],
    ['auto', '{"experimental":{}}', 1],
    ['auto', '{"sampling":{}}', 2],
    ['auto', '{"elicitation":{}}', 2],
    ['auto', '{"sampling":{}}', 2],
    ['shared', '{"sampling":{}}', 1],
    ['per-user', '{}', 2],
    ['per-session', '{}', 2],
  ])(
    'with instances "%s", a legacy client with capabilities %s makes it %i',
    async (instances, capabilities, count) => {
      const { upstream, server, clock } = await ready(legacy, { instances });
      const session = new Session(capabilities);
      const found = connectionLater(upstream, session.client);
      await clock.advanceAsync(0);
      expect(server.instances).toHaveLength(count);
      expect(found.result === upstream.connection).toBe(count === 1);
    },
  );

  it('opens the connection of a session once, with the capabilities of its client, and closes it with the session', async () => {
    const { upstream, server, clock } = await ready(legacy);
    const session = new Session('{"sampling":{},"strange":{}}');
    const found = [connectionLater(upstream, session.client), connectionLater(upstream, session.client)];
    await clock.advanceAsync(0);
    expect(server.instances).toHaveLength(2);
    expect(found[0]?.result).toBe(found[1]?.result);
    expect(connectionNow(upstream, session.client)).toBe(found[0]?.result);
    expect(server.instances[1]?.last('initialize')?.params).toMatchObject({
      capabilities: { sampling: {} },
      clientInfo: { name: 'client', version: '2' },
    });
    expect(server.instances[1]?.last('initialize')?.text).not.toContain('strange');
    server.instances[1]?.emit('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');
    expect(session.log).toEqual(['notifications/message']);
    session.end();
    await clock.advanceAsync(0);
    expect(server.instances.map((instance) => instance.isOpen)).toEqual([true, false]);
  });

  it('opens the connection of a session again on the next use after a crash, and not before', async () => {
    const { upstream, server, clock } = await ready(legacy);
    const session = new Session('{"sampling":{}}');
    connectionLater(upstream, session.client);
    await clock.advanceAsync(0);
    server.instances[1]?.exit(CRASH);
    await clock.advanceAsync(60_000);
    expect(server.instances).toHaveLength(2);
    expect(upstream.record.state.phase).toBe('ready');
    expect(upstream.snapshot.facts.instances).toBe(0);
    const again = connectionLater(upstream, session.client);
    await clock.advanceAsync(0);
    expect(server.instances).toHaveLength(3);
    expect(again.result).not.toBeInstanceOf(GatewayError);
    session.end();
    await clock.advanceAsync(0);
    expect(server.instances[2]?.isOpen).toBe(false);
  });

  // guard: instance/count
  it('bounds the instances of sessions', async () => {
    const { upstream, clock } = await ready(legacy, {}, { limits: { maxInstances: 1 } });
    const first = new Session('{"sampling":{}}');
    const second = new Session('{"sampling":{}}');
    connectionLater(upstream, first.client);
    await clock.advanceAsync(0);
    expect(connectionNow(upstream, second.client)).toMatchObject({ code: 'OMNI_OVERLOADED' });
    first.end();
    const found = connectionLater(upstream, second.client);
    await clock.advanceAsync(0);
    expect(found.result).not.toBeInstanceOf(GatewayError);
  });

  it('gives legacy clients a legacy connection beside a modern one, shared when they cannot be asked', async () => {
    const { upstream, server, clock } = await ready(modernOf('"2026-07-28","2025-11-25"'));
    const found = [new Session('{}'), new Session('{}'), new Session('{"sampling":{}}')].map((session) =>
      connectionLater(upstream, session.client),
    );
    await clock.advanceAsync(0);
    const [first, second, own] = found.map(({ result }) => result);
    expect(first).toMatchObject({ era: 'legacy' });
    expect(own).toMatchObject({ era: 'legacy' });
    expect(second).toBe(first);
    expect(own).not.toBe(first);
    expect(server.instances).toHaveLength(3);
    expect(connectionOf(upstream, MODERN_CLIENT).era).toBe('modern');
    server.instances[1]?.exit(CRASH);
    const again = connectionLater(upstream, new Session('{}').client);
    await clock.advanceAsync(0);
    expect(again.result).toMatchObject({ era: 'legacy' });
    expect(upstream.record.state.phase).toBe('ready');
  });

  it('tries once whether a modern upstream speaks legacy too, and bridges when it does not', async () => {
    const { upstream, server, clock } = await ready(modern);
    const first = connectionLater(upstream, new Session('{}').client);
    await clock.advanceAsync(0);
    expect(first.result).toBe(upstream.connection);
    expect(server.instances).toHaveLength(2);
    expect(connectionNow(upstream, new Session('{"sampling":{}}').client)).toBe(upstream.connection);
    await clock.advanceAsync(0);
    expect(server.instances).toHaveLength(2);
  });

  it('does not try when the revision is forced [PROTO-R09]', async () => {
    const { upstream, server } = await ready(modernOf('"2026-07-28","2025-11-25"'), {
      protocol: '2026-07-28',
    });
    expect(connectionNow(upstream, new Session('{}').client)).toBe(upstream.connection);
    expect(server.instances).toHaveLength(1);
  });

  it('listens to the lists that a modern upstream promises to declare changed, and again when that ends', async () => {
    const { server, clock, log } = await ready(modern);
    const [instance] = server.instances;
    const listen = instance?.last('subscriptions/listen');
    expect(log).toEqual(['starting', 'ready', 'list modern']);
    expect(listen?.params['notifications']).toEqual({ toolsListChanged: true, resourcesListChanged: true });
    instance?.emit(
      `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":${String(listen?.id)}}}}`,
    );
    expect(log.at(-1)).toBe('changed tools');
    await clock.advanceAsync(3_600_000);
    expect(instance?.received.filter((message) => message.method === 'subscriptions/listen')).toHaveLength(1);
    if (listen !== undefined) instance?.reply(listen, '{"resultType":"complete"}');
    await clock.advanceAsync(500);
    expect(instance?.received.filter((message) => message.method === 'subscriptions/listen')).toHaveLength(2);
    expect(log.at(-1)).toBe('changed tools resources');
  });

  it('gives up to listen when the upstream does not know how', async () => {
    const { server, clock } = await ready((message, instance) => {
      if (message.method === 'subscriptions/listen') instance.refuse(message, -32601);
      else modern(message, instance);
    });
    await clock.advanceAsync(120_000);
    expect(
      server.instances[0]?.received.filter((message) => message.method === 'subscriptions/listen'),
    ).toHaveLength(1);
  });

  it('announces changed lists of a legacy upstream', async () => {
    const { server, log } = await ready(legacy);
    server.instances[0]?.emit('{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}');
    expect(log.at(-1)).toBe('changed prompts');
  });

  it('subscribes a resource of a legacy upstream once for all, and ends it with the last', async () => {
    const { upstream, server, clock } = await ready(legacy);
    const updates: string[] = [];
    const releases: Array<() => void> = [];
    for (const who of ['a', 'b'])
      upstream.subscribe(
        MODERN_CLIENT,
        'file:///x',
        () => updates.push(who),
        (result) => !(result instanceof GatewayError) && releases.push(result),
      );
    await clock.advanceAsync(0);
    const [instance] = server.instances;
    expect(
      instance?.received
        .filter((message) => message.method === 'resources/subscribe')
        .map((message) => message.params),
    ).toEqual([{ uri: 'file:///x' }]);
    instance?.emit(
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///x"}}',
    );
    expect(updates).toEqual(['a', 'b']);
    releases[0]?.();
    releases[0]?.();
    expect(instance?.last('resources/unsubscribe')).toBeUndefined();
    instance?.emit(
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///x"}}',
    );
    expect(updates).toEqual(['a', 'b', 'b']);
    releases[1]?.();
    await clock.advanceAsync(2_000);
    expect(instance?.last('resources/unsubscribe')?.params).toEqual({ uri: 'file:///x' });
    expect(upstream.snapshot.facts.subscriptions).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps the subscription of one who leaves for another who comes at once, or came while it was opened', async () => {
    const { upstream, server, clock } = await ready(legacy);
    const updates: string[] = [];
    let release: (() => void) | undefined;
    const subscribe = (who: string, done: (release: () => void) => void): void =>
      upstream.subscribe(
        MODERN_CLIENT,
        'file:///x',
        () => updates.push(who),
        (result) => (result instanceof GatewayError ? undefined : done(result)),
      );
    subscribe('gone', (own) => own());
    subscribe('a', (own) => (release = own));
    await clock.advanceAsync(0);
    const [instance] = server.instances;
    const update =
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///x"}}';
    instance?.emit(update);
    release?.();
    await clock.advanceAsync(1_000);
    subscribe('b', () => {});
    await clock.advanceAsync(60_000);
    instance?.emit(update);
    const sent = instance?.received.filter(({ method }) =>
      /^resources\/(?:un)?subscribe$/.test(method ?? ''),
    );
    expect(updates).toEqual(['a', 'b']);
    expect(sent?.length).toBe(1);
  });

  it.each([
    ['legacy', legacy, 'resources/subscribe'],
    ['modern', modern, 'subscriptions/listen'],
  ] as const)('watches resources of a %s upstream on after a restart', async (_era, script, method) => {
    const { upstream, server, clock } = await ready(script);
    const updates: string[] = [];
    upstream.subscribe(
      MODERN_CLIENT,
      'file:///x',
      (message) => updates.push(message.method),
      () => {},
    );
    await clock.advanceAsync(0);
    server.instances[0]?.exit(CRASH);
    await clock.advanceAsync(500);
    const [, instance] = server.instances;
    const again = instance?.received.findLast(
      (message) => message.method === method && message.text.includes('file:///x'),
    );
    expect(again).toBeDefined();
    instance?.emit(
      `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///x","_meta":{"io.modelcontextprotocol/subscriptionId":${String(again?.id)}}}}`,
    );
    expect(updates).toEqual(['notifications/resources/updated']);
    await clock.advanceAsync(60_000);
    expect(
      instance?.received.filter((message) => message.method === method && message.text.includes('file:///x')),
    ).toHaveLength(1);
  });

  it.each<[string, Script]>([
    [
      'a legacy upstream refuses',
      (message, instance) =>
        message.method === 'resources/subscribe'
          ? instance.refuse(message, -32602)
          : legacy(message, instance),
    ],
    [
      'a modern upstream does not honour',
      (message, instance) =>
        message.method === 'subscriptions/listen'
          ? acknowledge(message, instance, '{}')
          : modern(message, instance),
    ],
  ])('says so when %s a subscription', async (_name, script) => {
    const { upstream, clock } = await ready(script);
    let result: unknown;
    upstream.subscribe(
      MODERN_CLIENT,
      'file:///x',
      () => {},
      (told) => (result = told),
    );
    await clock.advanceAsync(0);
    expect(result).toMatchObject({ code: 'OMNI_PARAMS_INVALID' });
    expect(upstream.snapshot.facts.subscriptions).toBe(0);
  });

  // guard: watch/acknowledged
  it('waits half a minute for a modern upstream to acknowledge a subscription', async () => {
    const { upstream, server, clock } = await ready((message, instance) => {
      if (!message.text.includes('file:///x')) modern(message, instance);
    });
    const results: string[] = [];
    upstream.subscribe(
      MODERN_CLIENT,
      'file:///x',
      () => {},
      (result) => results.push(result instanceof GatewayError ? result.code : 'ok'),
    );
    await clock.advanceAsync(29_999);
    expect(results).toEqual([]);
    await clock.advanceAsync(1);
    expect(results).toEqual(['OMNI_UPSTREAM_TIMEOUT']);
    expect(upstream.snapshot.facts.subscriptions).toBe(0);
    expect(server.instances[0]?.last('notifications/cancelled')).toBeDefined();
  });

  // guard: watch/count
  it('bounds the resources that are watched, and lets no user take the places of others', async () => {
    const { upstream, clock } = await ready(legacy, {}, { limits: { maxSubscriptions: 4 } });
    const watch = (id: string, uris: readonly string[]): string[] => {
      const results: string[] = [];
      for (const uri of uris)
        upstream.subscribe(
          { ...MODERN_CLIENT, principal: { id, kind: 'token' } },
          uri,
          () => {},
          (result) => results.push(result instanceof GatewayError ? result.code : 'ok'),
        );
      return results;
    };
    const ada = watch('ada', ['a:1', 'a:1', 'a:2', 'a:3', 'a:4', 'a:5']);
    const bob = watch('bob', ['a:6', 'a:7']);
    await clock.advanceAsync(0);
    expect([ada, bob]).toEqual([
      ['OMNI_OVERLOADED', 'ok', 'ok', 'ok', 'ok', 'ok'],
      ['OMNI_OVERLOADED', 'ok'],
    ]);
    expect(upstream.snapshot.facts.subscriptions).toBe(5);
  });
});

interface OpenSettings {
  readonly clock?: VirtualClock;
  readonly limits?: Partial<UpstreamLimits>;
  readonly holdPlace?: HoldPlace;
}

function open(
  script: Script,
  settings: Partial<UpstreamSpec> = {},
  { clock = new VirtualClock(), limits = {}, holdPlace = () => () => {} }: OpenSettings = {},
) {
  const server = new ScriptedServer(script);
  const log: string[] = [];
  const upstreams = new Upstreams({
    specs: [upstreamSpecOf({ kind: 'channel', open: server.open }, settings)],
    clock,
    identity: { name: 'omni', version: '1' },
    limits,
    holdPlace,
    random: () => 0,
    observer: {
      onStateChanged: ({ record: { state } }) => log.push(state.phase),
      onReady: (_upstream, connection) => log.push(`list ${connection.era}`),
      onListsChanged: (_upstream, kinds) => log.push(`changed ${[...kinds].join(' ')}`),
    },
  });
  const upstream = upstreams.get('up');
  if (upstream === undefined) throw new GatewayError('OMNI_INTERNAL', 'The upstream of the test is missing');
  return { upstream, server, clock, log };
}

async function ready(script: Script, settings: Partial<UpstreamSpec> = {}, more: OpenSettings = {}) {
  const opened = open(script, settings, more);
  opened.upstream.start();
  await opened.clock.advanceAsync(0);
  return opened;
}

function acknowledge(
  message: ScriptedMessage,
  instance: ScriptedInstance,
  honoured = JSON.stringify(message.params['notifications']),
): void {
  instance.emit(
    `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":${String(message.id)}},"notifications":${honoured}}}`,
  );
}

const MODERN_CLIENT: ClientContext = {
  principal: { id: 'p', kind: 'local' },
  era: 'modern',
  endpoint: ALL_SERVERS,
  session: undefined,
  capabilities: '{}',
  clientInfo: '{}',
};

/** Places for calls that wait. */
class Places {
  held = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  readonly holdPlace = (): (() => void) | GatewayError => {
    if (this.held >= this.#most) return new GatewayError('OMNI_OVERLOADED', 'too many wait');
    this.held++;
    return () => this.held--;
  };
}

let sessions = 0;

class Session implements ClientBinding {
  readonly key = `session-${++sessions}`;
  readonly principal = MODERN_CLIENT.principal;
  readonly version = '2025-11-25';
  readonly capabilities: string;
  readonly clientInfo = '{"name":"client","version":"2"}';
  readonly isShared = false;
  readonly log: string[] = [];
  readonly #ends: Array<() => void> = [];
  readonly #noticed: Array<(notification: RpcMessage) => void> = [];

  constructor(capabilities: string) {
    this.capabilities = capabilities;
  }

  get client(): ClientContext {
    return {
      ...MODERN_CLIENT,
      era: 'legacy',
      session: this,
      capabilities: this.capabilities,
      clientInfo: this.clientInfo,
    };
  }

  onNotification(_upstream: string, message: RpcMessage): void {
    this.log.push(message.method);
  }

  onServerRequest(): void {}

  logLevel(): undefined {}

  addClientNotificationListener(listener: (notification: RpcMessage) => void): () => void {
    this.#noticed.push(listener);
    return () => void this.#noticed.splice(this.#noticed.indexOf(listener), 1);
  }

  /** The client declares something to its servers. */
  declare(notification: RpcMessage): void {
    for (const listener of this.#noticed) listener(notification);
  }

  onEnd(listener: () => void): () => void {
    this.#ends.push(listener);
    return () => void this.#ends.splice(this.#ends.indexOf(listener), 1);
  }

  end(): void {
    for (const listener of this.#ends.splice(0)) listener();
  }
}
