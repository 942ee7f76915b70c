import { describe, expect, it } from '@jest/globals';
import type { HealthRollup } from '@omni/health';
import type { RpcMessage } from '@omni/jsonrpc';
import type { ClientContext } from '@omni/model';
import { createMasterServer, rootScope } from './create-master-server.ts';
import type { GatewayConfiguration } from './gateway-options.ts';
import type { Scope } from './scope/scope.ts';
import { parseConfigurationText } from './node/node-configuration.ts';
import { Token } from './token.ts';

interface SeedMasterServer {
  start(): Promise<void>;
  stop(options?: { deadlineMs?: number }): Promise<void>;
}
interface SeedProtocolHandler {
  advertise(): object;
}
interface SeedRequestRouter {
  route(request: RpcMessage, context: ClientContext, signal: AbortSignal): Promise<object>;
}
interface SeedHealthMonitor {
  getReadiness(): HealthRollup;
  getLiveness(): HealthRollup;
  on(event: 'statusChanged', listener: (rollup: HealthRollup) => void): void;
}
interface SeedConfiguration {
  effective(): GatewayConfiguration;
  subscribe(listener: (configuration: GatewayConfiguration) => void): () => void;
}

const INITIALIZE =
  '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}';

const configuration = parseConfigurationText(
  'mcpServers: { off: { command: none, disabled: true } }',
  'omni.yaml',
  {},
);

describe('createMasterServer', () => {
  it('shows a server whose entry is wrong as such, with its place, and is ready without it', async () => {
    const text = '{"mcpServers":{"bad":{"command":"${NOBODY_SETS_THIS}"}}}';
    const server = createMasterServer({ configuration: parseConfigurationText(text, 'mcp.json', {}) });
    await server.start();
    expect(server.upstreams()).toMatchObject([
      {
        name: 'bad',
        state: 'misconfigured',
        lastError: {
          code: 'OMNI_CONFIG_INVALID',
          message: expect.stringMatching(
            /^mcp\.json:1:\d+ {2}mcpServers\.bad\.command: \$\{NOBODY_SETS_THIS\}/,
          ),
        },
      },
    ]);
    const { ready, components } = server.readiness();
    expect(ready).toBe(true);
    expect(components).toContainEqual(
      expect.objectContaining({
        name: 'upstream:bad',
        level: 'error',
        details: expect.objectContaining({ state: 'misconfigured' }),
      }),
    );
    await server.stop();
  });

  it('resolves every part of the table [S003-ST-04]', () => {
    const root = rootScope({ configuration });
    const ofSessions: readonly unknown[] = [Token.Client];
    const tokens = Object.entries(Token).filter(([, token]) => !ofSessions.includes(token));
    expect(tokens.filter(([, token]) => !root.has(token))).toEqual([]);
    for (const [, token] of tokens) expect(() => root.get<unknown>(token)).not.toThrow();
  });

  it('has a token for each component of the seed [S003-AR-02]', () => {
    const root = rootScope({ configuration });
    const components = {
      protocolHandler: Token.ProtocolHandler,
      orchestrator: Token.MasterServer,
      configurationManager: Token.ConfigurationManager,
      healthMonitor: Token.HealthMonitor,
      authManager: Token.Authentication,
      moduleLoader: Token.Upstreams,
      aggregator: Token.Catalogue,
      router: Token.RequestRouter,
      // The container is the scope itself, and errors are one table: GATEWAY_ERRORS of @omni/ports.
    };
    for (const token of Object.values(components)) expect(root.get<unknown>(token)).toBeDefined();
  });

  it('keeps the signatures of the seed [S003-IF-01]', () => {
    const root = rootScope({ configuration });
    // Each value is assigned to the interface that the seed gives: `tsc` is what checks them.
    const server: SeedMasterServer = root.get(Token.MasterServer);
    const protocol: SeedProtocolHandler = root.get(Token.ProtocolHandler);
    const router: SeedRequestRouter = root.get(Token.RequestRouter);
    const health: SeedHealthMonitor = root.get(Token.HealthMonitor);
    const configurations: SeedConfiguration = root.get(Token.ConfigurationManager);
    expect(health.getReadiness()).toEqual(health.getReadiness());
    expect(health.getLiveness().live).toBe(true);
    expect(configurations.effective()).toEqual(configuration);
    expect(protocol.advertise()).toBeDefined();
    expect([typeof server.start, typeof server.stop, typeof router.route]).toEqual([
      'function',
      'function',
      'function',
    ]);
  });

  it('opens a scope for each session, which ends with it [S003-DI-03]', async () => {
    const scopes: Scope[] = [];
    const ended: string[] = [];
    const server = createMasterServer({
      configuration,
      onSession: (scope) => {
        scopes.push(scope);
        scope.register(Token.StartGraceMs, {
          useFactory: () => 1,
          dispose: () => void ended.push('session'),
        });
        scope.get(Token.StartGraceMs);
      },
    });
    await server.start();
    const client = server.connect();
    const answered = new Promise((resolve) => client.onMessage(resolve));
    client.send(INITIALIZE);
    await answered;
    const [scope] = scopes;
    expect(scopes).toHaveLength(1);
    expect(scope?.kind).toBe('connection');
    expect(scope?.get(Token.Client)).toMatchObject({ era: 'legacy', principal: { id: 'local' } });
    // What the session has of its own is not the process's.
    expect(scope?.get(Token.StartGraceMs)).toBe(1);
    expect(ended).toEqual([]);
    await client.close();
    await server.stop({ deadlineMs: 0 });
    expect(ended).toEqual(['session']);
  });

  it('names each part by a symbol of its own [S003-DI-01]', () => {
    const tokens = Object.values(Token);
    expect(tokens.every((token) => typeof token === 'symbol')).toBe(true);
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it('is not ready before start and after stop, and ready between when nothing critical is missing', async () => {
    const server = createMasterServer({ configuration });
    const before = server.readiness().ready;
    await server.start();
    const between = server.readiness().ready;
    await server.stop({ deadlineMs: 0 });
    expect(before).toBe(false);
    expect(between).toBe(true);
    expect(server.readiness().ready).toBe(false);
  });

  it('reports a server that is switched off as that', async () => {
    const server = createMasterServer({ configuration });
    await server.start();
    expect(server.upstreams()).toMatchObject([{ name: 'off', state: 'disabled', tools: 0 }]);
    await server.stop({ deadlineMs: 0 });
  });

  it('stops once, however often it is told to', async () => {
    const server = createMasterServer({ configuration });
    await server.start();
    await Promise.all([server.stop({ deadlineMs: 0 }), server.stop({ deadlineMs: 0 })]);
    expect(server.readiness().ready).toBe(false);
  });
});
