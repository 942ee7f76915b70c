import { describe, expect, it } from '@jest/globals';
import { type Dialect, Dialects } from '@omni/model';
import type { ScriptedExchange } from '@omni/testing';
import { DISCOVERED, httpOf, INITIALIZED, startHttp } from './connect-scene.fixture.ts';

const DIALECT: Dialect = {
  version: '2099-01-01',
  headersOf: () => [],
  toCommon: (_method, result) => result,
  fromCommon: (_method, result) => result,
};

describe('connect over HTTP to a server that is silent to server/discover', () => {
  it('greets a server that is silent to server/discover after three seconds, and does not ask it so again', async () => {
    const { run, clock, http } = httpOf(() => {});
    const first = run();
    await clock.advanceAsync(2_900);
    expect(http.of('initialize')).toHaveLength(0);
    await clock.advanceAsync(200);
    expect(first.connection?.era).toBe('legacy');
    expect(http.of('server/discover').map(({ isAborted }) => isAborted)).toEqual([true]);
    const second = run();
    await clock.advanceAsync(0);
    expect(second.connection?.era).toBe('legacy');
    expect(http.of('server/discover')).toHaveLength(1);
  });

  it('finds a slow modern server that answers both, in the order of asking', async () => {
    const { run, clock, http, eras, spec } = startHttp(() => {});
    const attempt = run();
    await clock.advanceAsync(8_000);
    http.of('server/discover')[0]?.result(DISCOVERED);
    await clock.advanceAsync(0);
    expect(attempt.connection?.era).toBe('modern');
    expect(eras.recall(spec)).toBe('modern');
    expect(http.of('initialize').map(({ isAborted }) => isAborted)).toEqual([true]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits for a slow modern server that refuses initialize', async () => {
    const { run, clock, http } = startHttp((exchange, method) => {
      if (method === 'initialize') exchange.respond(404, '', '');
    });
    const attempt = run();
    await clock.advanceAsync(13_000);
    http.of('server/discover')[0]?.result(DISCOVERED);
    expect(attempt.connection?.era).toBe('modern');
    expect(http.of('initialize')).toHaveLength(1);
    expect(http.of('server/discover')).toHaveLength(1);
  });

  it('waits no longer than its connect timeout for one that refuses initialize [S002-PO-02]', async () => {
    const { run, clock } = startHttp((exchange, method) => {
      if (method === 'initialize') exchange.respond(422, 'text/plain', 'no');
    });
    const attempt = run();
    await clock.advanceAsync(32_900);
    expect(attempt.error).toBeUndefined();
    await clock.advanceAsync(200);
    expect(attempt.error?.message).toContain('HTTP status 422: no');
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[string, (exchange: ScriptedExchange | undefined) => void]>([
    ['fails', (exchange) => exchange?.respond(500, '', '')],
    ['ends without an answer', (exchange) => exchange?.respond(200, 'text/plain', 'ok')],
  ])('waits for the answer to initialize when the late one to server/discover %s', async (_how, late) => {
    let initialize: ScriptedExchange | undefined;
    const { run, clock, http } = startHttp((exchange, method) => {
      if (method === 'initialize') initialize = exchange;
      else if (method !== 'server/discover') exchange.respond(202, '', '');
    });
    const attempt = run();
    await clock.advanceAsync(4_000);
    late(http.of('server/discover')[0]);
    await clock.advanceAsync(4_000);
    expect(attempt.error).toBeUndefined();
    initialize?.result(INITIALIZED);
    await clock.advanceAsync(0);
    expect(attempt.connection?.era).toBe('legacy');
  });

  const refuses = (status: number) => (exchange: ScriptedExchange) => exchange.respond(status, '', '');
  const speaksLater = (exchange: ScriptedExchange): void =>
    exchange.json(
      400,
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"","data":{"supported":["2031-01-01"]}}}',
    );

  // guard: handshake/late-refusal
  it.each<[string, (exchange: ScriptedExchange) => void, string, unknown]>([
    ['401', refuses(401), 'OMNI_UPSTREAM_HTTP_STATUS', 401],
    ['503', refuses(503), 'OMNI_UPSTREAM_HTTP_STATUS', 503],
    ['only versions to come', speaksLater, 'OMNI_UPSTREAM_ERA', undefined],
  ])(
    'fails with the late answer to server/discover at once when that is %s and initialize was refused',
    async (_name, late, code, status) => {
      const { run, clock, http } = startHttp((exchange, method) => {
        if (method === 'initialize') exchange.respond(400, '', '');
      });
      const attempt = run();
      await clock.advanceAsync(4_000);
      expect(attempt.error).toBeUndefined();
      for (const exchange of http.of('server/discover')) late(exchange);
      await clock.advanceAsync(0);
      expect(attempt.error?.code).toBe(code);
      expect(attempt.error?.data?.['status']).toBe(status);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it.each<[string, (exchange: ScriptedExchange) => void, string, unknown]>([
    ['401', refuses(401), 'OMNI_UPSTREAM_HTTP_STATUS', 401],
    ['503', refuses(503), 'OMNI_UPSTREAM_HTTP_STATUS', 503],
    ['only versions to come', speaksLater, 'OMNI_UPSTREAM_ERA', undefined],
  ])(
    'fails with the late answer to server/discover when that is %s and initialize leads to nothing',
    async (_name, late, code, status) => {
      for (const refuse of [undefined, refuses(404), refuses(500)]) {
        const { run, clock, http } = startHttp(() => {});
        const attempt = run();
        await clock.advanceAsync(4_000);
        for (const exchange of http.of('server/discover')) late(exchange);
        await clock.advanceAsync(1_000);
        expect(attempt.error).toBeUndefined();
        for (const exchange of http.of('initialize')) refuse?.(exchange);
        await clock.advanceAsync(30_000);
        expect(attempt.error?.code).toBe(code);
        expect(attempt.error?.data?.['status']).toBe(status);
        expect(clock.pendingTimers).toBe(0);
      }
    },
  );

  it.each<[string, (exchange: ScriptedExchange) => void]>([
    ['is lost', (exchange) => exchange.fail('request')],
    ['ends without an answer', (exchange) => exchange.respond(200, 'text/plain', '')],
  ])('fails with what initialize was told when the late answer to server/discover %s', async (_how, late) => {
    const { run, clock, http } = startHttp(() => {});
    const attempt = run();
    await clock.advanceAsync(4_000);
    for (const exchange of http.of('server/discover')) late(exchange);
    for (const exchange of http.of('initialize')) exchange.respond(503, '', '');
    await clock.advanceAsync(0);
    expect(attempt.error?.data).toMatchObject({ status: 503 });
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: http/orphaned-session
  it('ends the session that initialize has opened when the server turns out to be modern', async () => {
    const { run, clock, http } = startHttp((exchange, method) => {
      if (method === 'initialize') exchange.result(INITIALIZED, ['Mcp-Session-Id', 's-1']);
    });
    const attempt = run();
    await clock.advanceAsync(4_000);
    expect(http.of('notifications/initialized')).toHaveLength(1);
    http.of('server/discover')[0]?.result(DISCOVERED);
    await clock.advanceAsync(0);
    expect(attempt.connection?.era).toBe('modern');
    const ends = http.exchanges.filter(({ request }) => request.method === 'DELETE');
    expect(ends.map((end) => [end.headers('mcp-session-id'), end.headers('mcp-protocol-version')])).toEqual([
      [['s-1'], ['2025-06-18']],
    ]);
    await clock.advanceAsync(2_000);
    expect(ends.map(({ isAborted }) => isAborted)).toEqual([true]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[string, string[]]>([
    ['opened none', []],
    ['gave an id that is not allowed', ['Mcp-Session-Id', 's 1']],
  ])('ends no session of a modern server that %s', async (_how, headers) => {
    const { run, clock, http } = startHttp((exchange, method) => {
      if (method === 'initialize') exchange.head(200, ['Content-Type', 'application/json', ...headers]);
    });
    const attempt = run();
    await clock.advanceAsync(4_000);
    http.of('server/discover')[0]?.result(DISCOVERED);
    await clock.advanceAsync(0);
    expect(attempt.connection?.era).toBe('modern');
    expect(http.exchanges.filter(({ request }) => request.method === 'DELETE')).toEqual([]);
  });

  it.each<[string, ((exchange: ScriptedExchange) => void) | undefined]>([
    ['is under way', undefined],
    ['was refused', (exchange) => exchange.respond(400, '', '')],
  ])('greets a server of a dialect once that says so while initialize %s', async (_how, onInitialize) => {
    const refused =
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"","data":{"supported":["2099-01-01"]}}}';
    const script = (exchange: ScriptedExchange, method: unknown): void => {
      if (method === 'initialize') onInitialize?.(exchange);
    };
    for (const later of [undefined, (exchange: ScriptedExchange) => exchange.respond(404, '', '')]) {
      const { run, clock, http } = startHttp(script, new Dialects([DIALECT]));
      const attempt = run();
      await clock.advanceAsync(4_000);
      http.of('server/discover')[0]?.json(400, refused);
      await clock.advanceAsync(5_000);
      const again = http.of('server/discover')[1];
      expect(again?.headers('mcp-protocol-version')).toEqual(['2099-01-01']);
      if (again !== undefined) later?.(again);
      await clock.advanceAsync(30_000);
      expect(http.of('initialize')).toHaveLength(1);
      expect(attempt.error?.code).toBe(
        later === undefined ? 'OMNI_UPSTREAM_TIMEOUT' : 'OMNI_UPSTREAM_HTTP_STATUS',
      );
      expect(clock.pendingTimers).toBe(0);
    }
  });
});
