import { describe, expect, it } from '@jest/globals';
import { configuredCredentials, systemClock, systemRandom, silentLogger } from '@omni/ports';
import { Container } from 'inversify';
import { GATEWAY_MODULES } from './gateway-modules.ts';
import { createMasterServer } from './create-master-server.ts';
import { parseConfigurationText } from './node-configuration.ts';
import { Token } from './token.ts';

const configuration = parseConfigurationText(
  'mcpServers: { off: { command: none, disabled: true } }',
  'omni.yaml',
  {},
);

describe('createMasterServer', () => {
  it('resolves every part of the table [S003-ST-04]', () => {
    const container = new Container({ defaultScope: 'Singleton', jitless: true });
    container.bind(Token.Configuration).toConstantValue(configuration);
    container.bind(Token.StartGraceMs).toConstantValue(0);
    container.bind(Token.Clock).toConstantValue(systemClock);
    container.bind(Token.Random).toConstantValue(systemRandom);
    container.bind(Token.Logger).toConstantValue(silentLogger);
    container.bind(Token.CredentialProvider).toConstantValue(configuredCredentials);
    container.bind(Token.ChildLauncher).toConstantValue(undefined);
    container.bind(Token.HttpClient).toConstantValue(undefined);
    container.bind(Token.ChannelDialer).toConstantValue(undefined);
    container.load(...GATEWAY_MODULES);
    const missing = Object.entries(Token).filter(([, token]) => !container.isBound(token));
    expect(missing).toEqual([]);
    for (const token of Object.values(Token)) expect(() => container.get<unknown>(token)).not.toThrow();
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
