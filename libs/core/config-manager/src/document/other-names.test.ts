import { describe, expect, it } from '@jest/globals';
import type { Configuration } from '../configuration.ts';
import { parseConfiguration } from '../parse-configuration.ts';

const SERVERS = 'mcpServers: { up: { command: up } }\n';
/** As the seed of the configuration writes it (S003-CF-07). */
const EFFECTIVE_CONFIG = {
  server: { maxConcurrent: 50, idleTimeoutMs: 60_000 },
  logging: { level: 'warn', redaction: ['password'] },
  transports: { http: { port: 8_080 }, ws: { port: 8_080 }, stdio: { enabled: true } },
  auth: { providers: [{ type: 'oidc', issuer: 'https://id.example.com' }], audience: 'omni' },
  routing: {
    retry: { attempts: 4, backoffMs: 100, maxBackoffMs: 2_000 },
    breaker: { failures: 3, openMs: 1_500 },
    lb: 'least_latency',
  },
  modules: { search: { depth: 3 } },
  platform: { runtime: 'node', limits: { memoryMb: 512 } },
};

function parse(text: string): Configuration {
  return parseConfiguration([{ path: 'omni.yaml', role: 'base', text: SERVERS + text }], { env: {} });
}

describe('EffectiveConfig', () => {
  it('is read as it is [S003-CF-06, S003-CF-07]', () => {
    const json = JSON.stringify({ ...EFFECTIVE_CONFIG, mcpServers: { up: { command: 'up' } } });
    const configuration = parseConfiguration([{ path: 'omni.json', role: 'base', text: json }], { env: {} });
    expect(configuration).toMatchObject({
      server: { host: '127.0.0.1', port: 8_080 },
      limits: { maxInFlight: 50, sessionIdleMs: 60_000 },
      logging: { level: 'warn' },
      modules: { search: { depth: 3 } },
    });
    expect(configuration.upstreams[0]?.routing).toMatchObject({
      retry: { attempts: 4, backoffMs: 100, maxBackoffMs: 2_000 },
      breaker: { failures: 3, openMs: 1_500 },
      balance: { strategy: 'least-latency' },
    });
    expect(configuration.warnings.map((line) => line.replace(/^\S+ {2}/, ''))).toEqual([
      'logging.redaction has no effect in this version: what calls carry is not logged',
      'auth.providers has no effect in this version: clients need a token',
      'auth.audience has no effect in this version: clients need a token',
      'platform.limits.memoryMb has no effect in this version; give Node --max-old-space-size',
    ]);
  });

  it.each(['round_robin', 'least_latency', 'hashed'])('chooses replicas by %s', (lb) => {
    const strategy = { round_robin: 'round-robin', least_latency: 'least-latency', hashed: 'sticky' }[lb];
    expect(parse(`routing: { lb: ${lb} }`).upstreams[0]?.routing?.balance.strategy).toBe(strategy);
  });

  it('may be empty', () => {
    expect(parse('transports: {}\nplatform: {}\nauth: { providers: [] }').warnings).toEqual([]);
  });

  it.each([
    ['routing: { lb: random }', 'routing.balance.lb must be "round-robin" or'],
    ['transports: { http: { port: none } }', 'server.port must be HOST:PORT'],
    ['transports: { http: { prt: 1 } }', '"transports" is not a key of the configuration'],
    [
      'server: { maxConcurrent: 1 }\nlimits: { maxInFlight: 2 }',
      'is another name of limits.maxInFlight, which is set too',
    ],
  ])('refuses %j', (text, words) => {
    expect(() => parse(text)).toThrow(words);
  });
});

describe('a number of milliseconds', () => {
  it('stands under the name of a duration and Ms', () => {
    const { server, limits, upstreams } = parse(
      'server: { drainMs: 1500 }\nlimits: { sessionIdleMs: 60000 }\ndefaults: { callTimeoutMs: 2500 }',
    );
    expect(server.drainMs).toBe(1_500);
    expect(limits.sessionIdleMs).toBe(60_000);
    expect(upstreams[0]?.callTimeoutMs).toBe(2_500);
  });

  it('stands in servers, too', () => {
    const text = 'mcpServers: { up: { command: up, idleStopMs: 1000, health: { intervalMs: 5000 } } }';
    const [up] = parseConfiguration([{ path: 'omni.yaml', role: 'base', text }], { env: {} }).upstreams;
    expect(up).toMatchObject({ idleStopMs: 1_000, lifecycle: { probe: { intervalMs: 5_000 } } });
  });

  it.each([
    ['server: { drain: 1500 }', 'server.drain needs a unit'],
    ['server: { drainMs: soon }', 'server.drainMs must be a whole number and a unit'],
    ['server: { drain: 1s, drainMs: 2 }', '"drainMs" is not a key of "server"'],
    ['limits: { maxDepthMs: 5 }', 'limits.maxDepthMs must be a whole number'],
  ])('is nothing else: %j', (text, words) => {
    expect(() => parse(text)).toThrow(words);
  });
});
