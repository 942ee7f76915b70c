import { describe, expect, it } from '@jest/globals';
import type { Configuration } from '../configuration.ts';
import { parseConfiguration } from '../parse-configuration.ts';

function parse(text: string, name = 'one'): Configuration {
  const source = { path: `servers/${name}.yaml`, role: 'server' as const, text };
  return parseConfiguration([source], { env: { TOKEN: 't' } });
}

const WHOLE = `
name: one
enabled: true
command: npx
args: [-y, server-one]
env: { TOKEN: "\${TOKEN}", MODE: "\${MODE:-fast}" }
healthCheck: { type: stdio, command: "npx server-one --health", timeoutMs: 4000, intervalMs: 20000 }
scopes: [read]
limits: { rps: 5, burst: 9 }
timeouts: { opMs: 12000, startMs: 45000 }
retry: { attempts: 2, backoffMs: 300 }
`;

/** Files of the supervisor that Omni comes from (X000-01). */
const SAMPLES: readonly (readonly [name: string, text: string])[] = [
  ['least', 'command: npx\nargs: [-y, server]\n'],
  ['named', 'name: named\nenabled: true\ncommand: node\nargs: [server.js]\n'],
  ['off', 'name: off\nenabled: false\ncommand: npx\n'],
  ['keyed', 'name: keyed\ncommand: npx\nenv: { API_KEY: "${API_KEY:-}" }\n'],
  [
    'web',
    'name: web\nurl: "https://a.example/mcp"\nhealthCheck: { type: http, url: "https://a.example/healthz" }\n',
  ],
  ['probed', 'name: probed\ncommand: npx\nhealthCheck: { type: stdio }\n'],
  ['limited', 'name: limited\ncommand: npx\nlimits: { rps: 3, burst: 6 }\n'],
  ['timed', 'name: timed\ncommand: npx\ntimeouts: { opMs: 30000, startMs: 30000 }\n'],
  ['repeated', 'name: repeated\ncommand: npx\nretry: { attempts: 3, backoffMs: [500, 1000, 2000] }\n'],
  [
    'scoped',
    'name: scoped\ncommand: npx\nscopes: []\nhealthCheck: {}\nlimits: {}\ntimeouts: {}\nretry: {}\n',
  ],
];

describe('a server file of the shape before', () => {
  it('says what it says [X000-01, X000-02]', () => {
    const { upstreams, warnings } = parse(WHOLE);
    expect(upstreams).toMatchObject([
      {
        name: 'one',
        enabled: true,
        transport: { command: 'npx', args: ['-y', 'server-one'], env: { TOKEN: 't', MODE: 'fast' } },
        callTimeoutMs: 12_000,
        connectTimeoutMs: 45_000,
        lifecycle: { probe: { timeoutMs: 4_000, intervalMs: 20_000 } },
        routing: { rate: { perSecond: 5, burst: 9 }, retry: { attempts: 2, backoffMs: 300 } },
      },
    ]);
    expect(warnings.map((line) => line.replace(/^\S+ {2}/, ''))).toEqual([
      'mcpServers.one.healthCheck.command has no effect: the server is asked on its connection',
      'mcpServers.one.scopes has no effect in this version',
    ]);
  });

  it.each(SAMPLES)('is read: %s', (name, text) => {
    expect(parse(text, name).upstreams).toMatchObject([{ name }]);
    expect(parse(text, name).upstreams[0]).not.toHaveProperty('flaw');
  });

  it('has the defaults of that shape where a block is there', () => {
    expect(parse(SAMPLES[9]?.[1] ?? '').upstreams).toMatchObject([
      {
        callTimeoutMs: 30_000,
        connectTimeoutMs: 30_000,
        lifecycle: { probe: { timeoutMs: 10_000, intervalMs: 10_000 } },
        routing: { rate: { perSecond: 3, burst: 6 } },
      },
    ]);
  });

  it('asks a server over HTTP at the path that is named', () => {
    expect(parse(SAMPLES[4]?.[1] ?? '').upstreams[0]?.health).toEqual({ strategy: 'http', path: '/healthz' });
  });

  it.each([
    ['limits: { rsp: 3 }', '"rsp" is not a key of "mcpServers.one.limits"'],
    ['limits: { rps: fast }', 'mcpServers.one.routing.rate.rps must be'],
    ['timeouts: { opMs: soon }', 'must be a whole number and a unit'],
    ['retry: 3', '"retry" is not a key of a server'],
  ])('is refused where it is wrong: %s', (line, words) => {
    expect(parse(`command: x\n${line}`).upstreams[0]?.flaw).toContain(words);
  });
});
