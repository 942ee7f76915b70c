import { describe, expect, it } from '@jest/globals';
import {
  GatewayError,
  type ChannelDialer,
  type ChannelListener,
  type ChildLauncher,
  type ChildSpec,
  type DialSpec,
  type Era,
  type MessageChannel,
  type UpstreamSpec,
  type UpstreamTransport,
} from '@omni/ports';
import {
  ScriptedHttpClient,
  ScriptedServer,
  upstreamSpecOf,
  type ScriptedExchange,
  type ScriptedInstance,
  type ScriptedMessage,
} from '@omni/testing';
import { DISCOVERED, httpOf, INITIALIZED, start, startHttp } from './connect-scene.fixture.ts';
import { callOf } from './connection/upstream-call.fixture.ts';

type Script = (message: ScriptedMessage, instance: ScriptedInstance) => void;

const modern: Script = (message, instance) => {
  if (message.method === 'server/discover') instance.reply(message, DISCOVERED);
  else if (message.id !== undefined)
    instance.refuse(message, -32022, '{"supported":["2026-07-28"],"requested":"2025-11-25"}');
};
const legacy =
  (onDiscover: Script): Script =>
  (message, instance) => {
    if (message.method === 'server/discover') onDiscover(message, instance);
    if (message.method === 'initialize') instance.reply(message, INITIALIZED);
  };

const REFUSED = '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"busy"}}';
const RETRY_AFTER = ['Retry-After', '40'];

describe('connect over a channel', () => {
  it.each<[string, Script, Era, number]>([
    ['a DiscoverResult', modern, 'modern', 1],
    ['method not found', legacy((message, instance) => instance.refuse(message, -32601)), 'legacy', 1],
    ['invalid params', legacy((message, instance) => instance.refuse(message, -32602)), 'legacy', 1],
    ['an error of its own', legacy((message, instance) => instance.refuse(message, -32000)), 'legacy', 1],
    ['an empty result', legacy((message, instance) => instance.reply(message, '{}')), 'legacy', 1],
    [
      'legacy versions only',
      legacy((message, instance) => instance.refuse(message, -32022, '{"supported":["2025-11-25"]}')),
      'legacy',
      1,
    ],
    [
      'a result with legacy versions only',
      legacy((message, instance) => instance.reply(message, '{"supportedVersions":["2025-11-25"]}')),
      'legacy',
      1,
    ],
    ['an exit', legacy((_message, instance) => instance.exit(undefined)), 'legacy', 2],
    ['silence', legacy(() => {}), 'legacy', 2],
  ])('finds the era by %s', async (_name, script, era, instances) => {
    const { run, server, clock } = channelOf(script);
    const attempt = run();
    await clock.advanceAsync(3_100);
    expect(attempt.connection?.era).toBe(era);
    expect(server.instances).toHaveLength(instances);
    expect(server.instances.filter((instance) => instance.isOpen)).toHaveLength(1);
    if (era === 'legacy') expect(server.instances.at(-1)?.last('notifications/initialized')).toBeDefined();
    expect(clock.pendingTimers).toBe(0);
  });

  it('asks a slow starter in the modern way after all when it refuses initialize', async () => {
    let isUp = false;
    const { run, clock, eras, spec } = channelOf((message, instance) => isUp && modern(message, instance));
    const attempt = run();
    await clock.advanceAsync(2_900);
    isUp = true;
    await clock.advanceAsync(200);
    expect(attempt.connection?.era).toBe('modern');
    expect(eras.recall(spec)).toBe('modern');
  });

  // guard: handshake/silent
  it.each<[string, Script, string, string]>([
    [
      'only versions to come',
      (message, instance) => instance.refuse(message, -32022, '{"supported":["2031-01-01"]}'),
      'OMNI_UPSTREAM_ERA',
      'supports none of the protocol versions that Omni speaks, but 2031-01-01',
    ],
    [
      'an unknown legacy version',
      (message, instance) =>
        message.method === 'initialize'
          ? instance.reply(message, '{"protocolVersion":"1999-01-01"}')
          : instance.refuse(message, -32601),
      'OMNI_UPSTREAM_ERA',
      'the unknown protocol version 1999-01-01',
    ],
    [
      'a refusal of everything',
      (message, instance) => message.id !== undefined && instance.refuse(message, -32000),
      'OMNI_UPSTREAM_PROTOCOL',
      '"up" refused initialize: refused',
    ],
    ['silence', () => {}, 'OMNI_UPSTREAM_TIMEOUT', '"up" did not answer initialize within 30 s'],
    [
      'an exit each time',
      (_message, instance) => instance.exit(new GatewayError('OMNI_UPSTREAM_EXITED', 'exit code 1')),
      'OMNI_UPSTREAM_EXITED',
      'exit code 1',
    ],
    [
      'a command that is not there',
      (_message, instance) => instance.exit(new GatewayError('OMNI_UPSTREAM_SPAWN_FAILED', 'no such file')),
      'OMNI_UPSTREAM_SPAWN_FAILED',
      'no such file',
    ],
  ])('fails on %s and leaves nothing behind', async (_name, script, code, words) => {
    const { run, server, clock } = channelOf(script);
    const attempt = run();
    await clock.advanceAsync(34_000);
    expect(attempt.error?.code).toBe(code);
    expect(attempt.error?.message).toContain(words);
    expect(server.instances.some((instance) => instance.isOpen)).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not probe again what it remembers, until that proves wrong [PROTO-R09]', async () => {
    let script = legacy((_message, instance) => instance.exit(undefined));
    const { run, server, clock, eras, spec } = channelOf((message, instance) => script(message, instance));
    run();
    await clock.advanceAsync(0);
    expect(server.instances).toHaveLength(2);
    const second = run();
    await clock.advanceAsync(0);
    expect(second.connection?.era).toBe('legacy');
    expect(server.instances).toHaveLength(3);
    expect(server.instances[2]?.received[0]?.method).toBe('initialize');
    script = modern;
    const third = run();
    await clock.advanceAsync(0);
    expect(third.error?.code).toBe('OMNI_UPSTREAM_PROTOCOL');
    expect(eras.recall(spec)).toBeUndefined();
    const fourth = run();
    await clock.advanceAsync(0);
    expect(fourth.connection?.era).toBe('modern');
  });

  it.each<[UpstreamSpec['protocol'], string]>([
    ['legacy', 'initialize'],
    ['2026-07-28', 'server/discover'],
  ])('begins as protocol "%s" says and falls back to nothing', async (protocol, method) => {
    const { run, server, clock } = channelOf((message, instance) => instance.refuse(message, -32601), {
      protocol,
    });
    const attempt = run();
    await clock.advanceAsync(0);
    expect(server.instances.map((instance) => instance.received.map((message) => message.method))).toEqual([
      [method],
    ]);
    expect(attempt.error?.code).toBe('OMNI_UPSTREAM_PROTOCOL');
  });

  it('gives calls ids that the handshake has not used, and drops what the handshake left', async () => {
    const { run, server, clock } = channelOf(legacy((message, instance) => instance.refuse(message, -32601)));
    const attempt = run();
    await clock.advanceAsync(0);
    server.instances[0]?.emit('{"jsonrpc":"2.0","id":1,"result":{}}');
    expect(attempt.connection?.counters.strayAnswers).toBe(1);
    attempt.connection?.send(callOf('tools/list', ''), {
      onNotification: () => true,
      onDrain() {},
      onServerRequest() {},
      onAnswer() {},
      onFailure() {},
    });
    expect(server.instances[0]?.last('tools/list')?.id).toBe(3);
  });

  // guard: handshake/stray-answer
  it('does not take a doubled answer to the probe for the answer to initialize', async () => {
    const { run, server, clock } = channelOf((message, instance) => {
      if (message.method === 'server/discover') instance.refuse(message, -32601);
    });
    const attempt = run();
    await clock.advanceAsync(0);
    server.instances[0]?.emit(`{"jsonrpc":"2.0","id":1,"result":${INITIALIZED}}`);
    await clock.advanceAsync(0);
    expect(attempt.connection).toBeUndefined();
    server.instances[0]?.emit(`{"jsonrpc":"2.0","id":2,"result":${INITIALIZED}}`);
    expect(attempt.connection?.era).toBe('legacy');
  });

  it('does not probe a server again that exited on the probe and then crashed [PROTO-R10]', async () => {
    const { run, server, clock } = channelOf((_message, instance) => instance.exit(undefined));
    run();
    await clock.advanceAsync(0);
    run();
    await clock.advanceAsync(0);
    expect(server.instances.map((instance) => instance.received[0]?.method)).toEqual([
      'server/discover',
      'initialize',
      'initialize',
    ]);
  });

  // guard: handshake/request
  it('answers ping during the handshake and nothing else', async () => {
    const { run, server, clock } = channelOf(() => {});
    run();
    const [instance] = server.instances;
    instance?.emit('banner');
    instance?.emit('{"jsonrpc":"2.0","id":"p","method":"ping"}');
    instance?.emit('{"jsonrpc":"2.0","id":"r","method":"sampling/createMessage"}');
    await clock.advanceAsync(0);
    expect(instance?.received.slice(1).map((message) => JSON.parse(message.text))).toMatchObject([
      { id: 'p', result: {} },
      { id: 'r', error: { code: -32601 } },
    ]);
  });

  it('closes what it opened when it is given up', async () => {
    const { run, server, clock } = channelOf(() => {});
    const attempt = run();
    attempt.abort();
    await clock.advanceAsync(60_000);
    expect(server.instances.map((instance) => instance.isOpen)).toEqual([false]);
    expect(attempt.connection).toBeUndefined();
    expect(attempt.error).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });

  it('starts a stdio upstream with its settings', async () => {
    const server = new ScriptedServer(modern);
    const specs: ChildSpec[] = [];
    const launcher: ChildLauncher = {
      launch(spec: ChildSpec, listener: ChannelListener) {
        specs.push(spec);
        // What the fake lacks is not asked for here.
        return Object.assign(server.open(listener) as ScriptedInstance, { pid: 1 });
      },
      close: () => Promise.resolve(),
    };
    const transport: UpstreamTransport = {
      kind: 'stdio',
      command: 'node',
      args: ['s.mjs'],
      env: { A: 'b' },
      cwd: '/srv',
    };
    const { run, clock } = start(upstreamSpecOf(transport, { secretValues: ['b'] }), { launcher });
    const attempt = run();
    await clock.advanceAsync(0);
    expect(attempt.connection?.era).toBe('modern');
    expect(specs.map(({ secretValues }) => secretValues())).toEqual([['b']]);
    expect(specs).toEqual([
      {
        upstream: 'up',
        command: 'node',
        args: ['s.mjs'],
        env: { A: 'b' },
        cwd: '/srv',
        secretValues: expect.any(Function),
        onReport: expect.any(Function),
        maxMessageBytes: 16 * 1024 * 1024,
        budget: { share: expect.any(Function) },
      },
    ]);
  });

  it.each<UpstreamTransport & { readonly kind: 'websocket' | 'socket' }>([
    { kind: 'websocket', url: 'wss://up.test/mcp', headers: { Authorization: 'Bearer b' } },
    { kind: 'socket', address: { path: '/run/up.sock' } },
    { kind: 'socket', address: { host: '127.0.0.1', port: 7 } },
  ])('dials a $kind upstream where it is', async (transport) => {
    const server = new ScriptedServer(modern);
    const { dialer, specs } = dialerTo(server);
    const { run, clock } = start(upstreamSpecOf(transport), { dialer });
    const attempt = run();
    await clock.advanceAsync(0);
    expect(attempt.connection?.era).toBe('modern');
    const bounds = { maxMessageBytes: 16 * 1024 * 1024, budget: { share: expect.any(Function) } };
    expect(specs).toEqual([{ upstream: 'up', target: transport, ...bounds }]);
  });

  it('does not take a connection that was never made for a silent server', async () => {
    const refused = new GatewayError('OMNI_UPSTREAM_UNREACHABLE', 'refused', { data: { phase: 'connect' } });
    const server = new ScriptedServer((_message, instance) => instance.exit(refused));
    const { run, clock, eras, spec } = start(upstreamSpecOf(SOCKET), { dialer: dialerTo(server).dialer });
    const attempt = run();
    await clock.advanceAsync(0);
    expect(attempt.error).toBe(refused);
    expect(server.instances).toHaveLength(1);
    expect(eras.recall(spec)).toBeUndefined();
  });

  it('forgets that a host was silent when it turns out that nobody is there', async () => {
    const refused = new GatewayError('OMNI_UPSTREAM_UNREACHABLE', 'no route', { data: { phase: 'connect' } });
    const server = new ScriptedServer((message, instance) => {
      if (message.method === 'initialize') instance.exit(refused);
    });
    const { run, clock, eras, spec } = start(upstreamSpecOf(SOCKET), { dialer: dialerTo(server).dialer });
    const attempt = run();
    await clock.advanceAsync(3_100);
    expect(attempt.error).toBe(refused);
    expect(eras.recall(spec)).toBeUndefined();
  });

  it('finds a modern server at once that was met at a bad time, and starts one process each time', async () => {
    let isWell = false;
    const { run, server, clock, eras, spec } = channelOf((message, instance) => {
      if (!isWell) instance.exit(new GatewayError('OMNI_UPSTREAM_EXITED', 'exit code 1'));
      else modern(message, instance);
    });
    for (let attempt = 0; attempt < 3; attempt++) {
      run();
      await clock.advanceAsync(0);
    }
    // The first has asked for the era as well.
    expect(server.instances).toHaveLength(4);
    isWell = true;
    const attempt = run();
    await clock.advanceAsync(0);
    expect(attempt.connection?.era).toBe('modern');
    expect(server.instances).toHaveLength(5);
    expect(eras.recall(spec)).toBe('modern');
  });

  it('probes again when a modern upstream cuts the connection', async () => {
    let isModern = true;
    const reset = new GatewayError('OMNI_UPSTREAM_UNREACHABLE', 'reset', { data: { phase: 'body' } });
    const server = new ScriptedServer((message, instance) =>
      (isModern ? modern : legacy(() => instance.exit(reset)))(message, instance),
    );
    const { run, clock } = start(upstreamSpecOf(SOCKET), { dialer: dialerTo(server).dialer });
    const first = run();
    await clock.advanceAsync(0);
    isModern = false;
    const second = run();
    await clock.advanceAsync(0);
    const third = run();
    await clock.advanceAsync(0);
    expect(first.connection?.era).toBe('modern');
    expect(second.error).toEqual(reset);
    expect(third.connection?.era).toBe('legacy');
  });

  it.each<[UpstreamTransport, string]>([
    [{ kind: 'stdio', command: 'node', args: [], env: {} }, 'OMNI_UPSTREAM_SPAWN_FAILED'],
    [{ kind: 'http', url: 'http://up.test/', headers: {} }, 'OMNI_UPSTREAM_UNREACHABLE'],
    [{ kind: 'websocket', url: 'ws://up.test/', headers: {} }, 'OMNI_UPSTREAM_UNREACHABLE'],
    [{ kind: 'socket', address: { path: '/run/up.sock' } }, 'OMNI_UPSTREAM_UNREACHABLE'],
  ])('says so where a transport is not available', async (transport, code) => {
    const { run, clock } = start(upstreamSpecOf(transport), {});
    const attempt = run();
    await clock.advanceAsync(0);
    expect(attempt.error?.code).toBe(code);
  });
});

describe('connect over HTTP', () => {
  it.each<[string, (exchange: ScriptedExchange) => void, Era]>([
    ['a DiscoverResult', (exchange) => exchange.result(DISCOVERED), 'modern'],
    [
      'a DiscoverResult in a stream',
      (exchange) => {
        exchange.stream();
        exchange.event(`{"jsonrpc":"2.0","id":1,"result":${DISCOVERED}}`);
      },
      'modern',
    ],
    [
      '400 with a text',
      (exchange) => exchange.respond(400, 'text/plain', 'Bad Request: No valid session ID provided'),
      'legacy',
    ],
    [
      '400 with a legacy error',
      (exchange) =>
        exchange.json(400, '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no session"}}'),
      'legacy',
    ],
    [
      '400 that names legacy versions',
      (exchange) =>
        exchange.json(
          400,
          '{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"","data":{"supported":["2025-11-25"]}}}',
        ),
      'legacy',
    ],
    ['404', (exchange) => exchange.respond(404, '', ''), 'legacy'],
    [
      '404 with method not found',
      (exchange) => exchange.json(404, '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":""}}'),
      'legacy',
    ],
    ['405', (exchange) => exchange.respond(405, 'text/html', '<html>'), 'legacy'],
    ['406', (exchange) => exchange.respond(406, '', ''), 'legacy'],
    [
      '200 with a legacy error',
      (exchange) => exchange.json(200, '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":""}}'),
      'legacy',
    ],
    ['202', (exchange) => exchange.respond(202, '', ''), 'legacy'],
    ...[409, 410, 412, 415, 422, 428, 451].map(
      (status): [string, (exchange: ScriptedExchange) => void, Era] => [
        `${status} with a text`,
        (exchange) => exchange.respond(status, 'text/plain', 'expected initialize'),
        'legacy',
      ],
    ),
    ['an empty 200', (exchange) => exchange.respond(200, 'application/json', ''), 'legacy'],
    ['204', (exchange) => exchange.respond(204, '', ''), 'legacy'],
    ['a text', (exchange) => exchange.respond(200, 'text/plain', 'ok'), 'legacy'],
    ['a web page', (exchange) => exchange.respond(200, 'text/html', '<html>'), 'legacy'],
    ['null', (exchange) => exchange.json(200, 'null'), 'legacy'],
    ['JSON that is no message', (exchange) => exchange.json(200, '{"detail":"unknown"}'), 'legacy'],
    [
      'a stream without an answer',
      (exchange) => {
        exchange.stream();
        exchange.end();
      },
      'legacy',
    ],
  ])('finds the era by %s', async (_name, onDiscover, era) => {
    const { run, clock, eras, spec } = httpOf(onDiscover);
    const attempt = run();
    await clock.advanceAsync(0);
    expect(attempt.connection?.era).toBe(era);
    expect(eras.recall(spec)).toBe(era);
  });

  it('tries initialize once, and says that the revision can be configured when that fails, too', async () => {
    const { run, clock, http } = startHttp((exchange) => exchange.respond(422, 'text/plain', 'no'));
    const attempt = run();
    await clock.advanceAsync(60_000);
    expect(attempt.error?.message).toContain('HTTP status 422: no');
    expect(attempt.error?.hint).toContain('set protocol of mcpServers.up to "legacy" or "2026-07-28"');
    expect(http.of('initialize')).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: handshake/not-about-era
  it.each<[string, (exchange: ScriptedExchange) => void, string]>([
    ...[402, 407, 408, 421, 425, 429].flatMap(
      (status): [string, (exchange: ScriptedExchange) => void, string][] => [
        [`${status}`, (exchange) => exchange.respond(status, '', ''), 'OMNI_UPSTREAM_HTTP_STATUS'],
        [
          `${status} with a legacy error`,
          (exchange) =>
            exchange.json(status, '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":""}}'),
          'OMNI_UPSTREAM_HTTP_STATUS',
        ],
      ],
    ),
    ['401', (exchange) => exchange.respond(401, '', ''), 'OMNI_UPSTREAM_HTTP_STATUS'],
    [
      '401 with a legacy error',
      (exchange) => exchange.json(401, '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":""}}'),
      'OMNI_UPSTREAM_HTTP_STATUS',
    ],
    ['403', (exchange) => exchange.respond(403, '', ''), 'OMNI_UPSTREAM_HTTP_STATUS'],
    ['500', (exchange) => exchange.respond(500, '', ''), 'OMNI_UPSTREAM_HTTP_STATUS'],
    [
      '503 with a JSON-RPC error',
      (exchange) => exchange.json(503, '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":""}}'),
      'OMNI_UPSTREAM_HTTP_STATUS',
    ],
    ['no connection', (exchange) => exchange.fail('connect'), 'OMNI_UPSTREAM_UNREACHABLE'],
    [
      'only versions to come',
      (exchange) =>
        exchange.json(
          400,
          '{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"","data":{"supported":["2031-01-01"]}}}',
        ),
      'OMNI_UPSTREAM_ERA',
    ],
  ])('takes %s for no evidence and fails', async (_name, onDiscover, code) => {
    const { run, clock, eras, spec, http } = httpOf(onDiscover);
    const attempt = run();
    await clock.advanceAsync(31_000);
    expect(attempt.error?.code).toBe(code);
    expect(http.of('initialize')).toEqual([]);
    expect(eras.recall(spec)).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[string, (exchange: ScriptedExchange) => void]>([
    ['server/discover with 429', (exchange) => exchange.respond(429, '', '', RETRY_AFTER)],
    ['server/discover with 503 and an error', (exchange) => exchange.json(503, REFUSED, RETRY_AFTER)],
    [
      'initialize with 503 and an error',
      (exchange) =>
        exchange.member('method') === 'initialize'
          ? exchange.json(503, REFUSED, RETRY_AFTER)
          : exchange.respond(404, '', ''),
    ],
    [
      'initialize with 429',
      (exchange) =>
        exchange.member('method') === 'initialize'
          ? exchange.respond(429, '', '', RETRY_AFTER)
          : exchange.respond(404, '', ''),
    ],
  ])('tells when the server wants to be asked again that answers %s', async (_name, script) => {
    const { run, clock } = startHttp(script);
    const attempt = run();
    await clock.advanceAsync(0);
    expect(attempt.error?.data).toMatchObject({ retryAfterSeconds: 40 });
  });

  it.each(['modern', 'legacy'] as const)(
    'probes again when what was found %s is turned away without a message [PROTO-R09]',
    async (first) => {
      let now: 'modern' | 'legacy' = first;
      const http = new ScriptedHttpClient((exchange) => {
        const method = exchange.request.method === 'POST' ? exchange.member('method') : undefined;
        const isModern = method === 'server/discover';
        if (method === 'notifications/initialized') exchange.respond(202, '', '');
        else if (method === undefined || isModern !== (now === 'modern'))
          exchange.respond(404, 'text/html', '<html>');
        else exchange.result(isModern ? DISCOVERED : INITIALIZED);
      });
      const { run, clock } = start(upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: {} }), {
        http,
      });
      const attempts = [run()];
      await clock.advanceAsync(0);
      now = first === 'modern' ? 'legacy' : 'modern';
      for (let attempt = 0; attempt < 2; attempt++) {
        attempts.push(run());
        await clock.advanceAsync(0);
      }
      expect(attempts.map(({ connection, error }) => connection?.era ?? error?.code)).toEqual([
        first,
        'OMNI_UPSTREAM_HTTP_STATUS',
        now,
      ]);
    },
  );

  it('quotes why initialize is refused, under whatever id', async () => {
    for (const id of ['null', '"server-error"']) {
      const http = new ScriptedHttpClient((exchange) => {
        if (exchange.request.method === 'POST')
          exchange.json(400, `{"jsonrpc":"2.0","id":${id},"error":{"code":-32600,"message":"Bad day"}}`);
        else exchange.respond(405, '', '');
      });
      const { run, clock } = start(upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: {} }), {
        http,
      });
      const attempt = run();
      await clock.advanceAsync(0);
      expect(attempt.error?.message).toBe('"up" refused initialize: Bad day');
    }
  });

  it('asks with the headers and the envelope of the revision', async () => {
    const { run, clock, http } = httpOf((exchange) => exchange.result(DISCOVERED));
    run();
    await clock.advanceAsync(0);
    const [discover] = http.exchanges;
    expect(discover?.headers('mcp-protocol-version')).toEqual(['2026-07-28']);
    expect(discover?.headers('mcp-method')).toEqual(['server/discover']);
    expect(discover?.member('params')).toEqual({
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/clientInfo': { name: 'omni', version: '1' },
      },
    });
  });
});

const SOCKET: UpstreamTransport = { kind: 'socket', address: { host: '127.0.0.1', port: 7 } };

function dialerTo(server: ScriptedServer): {
  readonly dialer: ChannelDialer;
  readonly specs: readonly DialSpec[];
} {
  const specs: DialSpec[] = [];
  const dial = (spec: DialSpec, listener: ChannelListener): MessageChannel => {
    specs.push(spec);
    return server.open(listener);
  };
  return { dialer: { dial, close: () => Promise.resolve() }, specs };
}

function channelOf(
  script: (message: ScriptedMessage, instance: ScriptedInstance) => unknown,
  settings: Partial<UpstreamSpec> = {},
) {
  const server = new ScriptedServer((message, instance) => void script(message, instance));
  return { ...start(upstreamSpecOf({ kind: 'channel', open: server.open }, settings), {}), server };
}
