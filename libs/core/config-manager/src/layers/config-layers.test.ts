import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import type { ConfigSource } from '../document/config-source.ts';
import { parseConfiguration, type ParseOptions } from '../parse-configuration.ts';
import type { Configuration } from '../configuration.ts';

const SERVERS = 'mcpServers: { up: { command: up, env: { A: "1" } } }\n';
const SECRETS = { read: () => ({ text: 'error' }) };

function base(...texts: readonly string[]): readonly ConfigSource[] {
  return texts.map((text, index) => ({
    path: `${index}.yaml`,
    role: 'base',
    text: index === 0 ? SERVERS + text : text,
  }));
}

function parse(
  sources: readonly ConfigSource[],
  layers: NonNullable<ParseOptions['layers']> = {},
  options: Partial<ParseOptions> = {},
): Configuration {
  return parseConfiguration(sources, { env: layers.environment ?? {}, layers, secrets: SECRETS, ...options });
}

function refused(...given: Parameters<typeof parse>): readonly string[] {
  try {
    parse(...given);
  } catch (error) {
    return GatewayError.from(error).message.split('\n');
  }
  throw new GatewayError('OMNI_INTERNAL', 'the configuration was accepted');
}

describe('the layers of a configuration', () => {
  it('come one over the other: one setting in all of them [S003-CF-01]', () => {
    const level = (layers: ParseOptions['layers'], ...texts: readonly string[]): string =>
      parse(base(...texts), layers).logging.level;
    const file = 'logging: { level: debug }';
    const secret = 'secrets: { set: { logging.level: "${SECRET:level}" } }';
    const environment = { OMNI_LOGGING__LEVEL: 'warn' };
    const flags = [{ flag: '--log-level', key: 'logging.level', value: 'info' }];
    const overrides = [{ document: { logging: { level: 'debug' } }, author: 'ana', at: 0 }];
    expect(level({}, '')).toBe('info');
    expect(level({}, file)).toBe('debug');
    expect(level({ environment }, file)).toBe('warn');
    expect(level({ environment }, file, secret)).toBe('error');
    expect(level({ environment, flags }, file, secret)).toBe('info');
    expect(level({ environment, flags, overrides }, file, secret)).toBe('debug');
  });

  it('merge maps, replace lists and remove what is null', () => {
    const { server, upstreams } = parse(
      base(
        'server: { allowedHosts: [a, b], tcp: "127.0.0.1:1", drain: 1s }\nauth: { mode: open }',
        'server: { allowedHosts: [c], tcp: null }\nmcpServers: { up: { env: { A: null, B: "2" } } }',
      ),
    );
    expect(server).toMatchObject({ allowedHosts: ['c'], drainMs: 1_000 });
    expect(server).not.toHaveProperty('tcp');
    expect(upstreams[0]?.transport).toMatchObject({ command: 'up', env: { B: '2' } });
  });

  it('remove a server, and turn one from a program to an address', () => {
    expect(parse(base('', 'mcpServers: { up: null }')).upstreams).toEqual([]);
    const [up] = parse(
      base('', 'mcpServers: { up: { command: null, env: null, url: "https://a.example" } }'),
    ).upstreams;
    expect(up?.transport).toMatchObject({ kind: 'http', url: 'https://a.example' });
  });

  it('say what is null in the lowest one', () => {
    expect(refused(base('server:\n'))).toEqual(['0.yaml:2:8  server must be a map, found nothing']);
  });
});

describe('the environment as a layer', () => {
  it.each([
    ['OMNI_LIMITS__MAX_IN_FLIGHT', '7', { limits: { maxInFlight: 7 } }],
    ['OMNI_limits__maxInFlight', '7', { limits: { maxInFlight: 7 } }],
    ['OMNI_SERVER__UNIX_SOCKET', 'true', { server: { unixSocket: true } }],
    ['OMNI_SERVER__UNIX_SOCKET', '/run/o.sock', { server: { unixSocket: '/run/o.sock' } }],
    ['OMNI_SERVER__ALLOWED_HOSTS', '["a.example"]', { server: { allowedHosts: ['a.example'] } }],
    ['OMNI_AUTH__TOKEN', '1234567890123456', { auth: { token: '1234567890123456' } }],
    [
      'OMNI_CIRCUIT_BREAKER__RECOVERY_TIMEOUT',
      '5',
      { upstreams: [{ lifecycle: { breaker: { recoveryTimeoutMs: 5_000 } } }] },
    ],
    [
      'OMNI_MCPSERVERS__UP__ENV__MY_KEY',
      '5',
      { upstreams: [{ transport: { env: { A: '1', MY_KEY: '5' } } }] },
    ],
    [
      'OMNI_MCP_SERVERS__UP__DISABLED',
      'true',
      { upstreams: [{ enabled: false, disabledReason: 'disabled' }] },
    ],
    ['OMNI_MCPSERVERS__OTHER__URL', 'https://a.example', { upstreams: [{ name: 'up' }, { name: 'OTHER' }] }],
  ])('reads %s=%s', (name, value, expected) => {
    expect(parse(base(''), { environment: { [name]: value } })).toMatchObject(expected);
  });

  it.each([
    ['OMNI_ENV', 'prod'],
    ['OMNI_TOKEN', 'x'],
    ['OMNI_FEATURE_A__B', '1'],
    ['OMNI_SECRET_A__B', 'x'],
    ['OMNI_A__', 'x'],
    ['OMNI_SERVER__DRAIN', ''],
    ['XOMNI_SERVER__DRAIN', '1s'],
  ])('leaves %s=%s alone', (name, value) => {
    expect(parse(base(''), { environment: { [name]: value } })).toEqual(parse(base('')));
  });

  it('names the variable of what is wrong, and suggests; its value stands nowhere', () => {
    const environment = {
      OMNI_SERVR__DRAIN: 'sesame',
      OMNI_SERVER__DRAIN: 'sesame',
      OMNI_LIMITS__MAXDEPTH: 'sesame',
    };
    const lines = refused(base(''), { environment });
    expect(lines.toSorted()).toEqual([
      'OMNI_LIMITS__MAXDEPTH  limits.maxDepth must be a whole number, found text from a variable',
      'OMNI_SERVER__DRAIN  server.drain must be a whole number and a unit: "1500ms", "30s", "5m" or "2h", found text from a variable',
      'OMNI_SERVR__DRAIN  "SERVR" is not a key of the configuration; did you mean "server"?',
    ]);
  });

  it('is none where nobody says so', () => {
    expect(parseConfiguration(base(''), { env: { OMNI_SERVER__DRAIN: '1s' } }).server.drainMs).toBe(10_000);
  });
});

describe('secrets as a layer', () => {
  it('give settings that are no text', () => {
    const { limits } = parse(
      base('secrets: { set: { limits.maxInFlight: "${SECRET:most}" } }'),
      {},
      {
        secrets: { read: () => ({ text: '17' }) },
      },
    );
    expect(limits.maxInFlight).toBe(17);
  });

  it.each([
    ['mcpServers.up.command: "${SECRET:a}"', 'cannot be set here'],
    ['secrets.ttl: "${SECRET:a}"', 'cannot be set here'],
    ['server.drain: 5s', 'must be one reference'],
    ['server.drain: "a${SECRET:a}"', 'must be one reference'],
    ['server.dain: "${SECRET:a}"', '"dain" is not a key of "server"; did you mean "drain"?'],
  ])('refuse %s', (line, words) => {
    expect(refused(base(`secrets:\n  set:\n    ${line}\n`)).join()).toContain(words);
  });
});

describe('flags as a layer', () => {
  it('reach names with dots in them, and remove', () => {
    const flags = [
      { flag: '--set', key: 'mcpServers.a.b.callTimeout', value: '5s' },
      { flag: '--set', key: 'server.tcp', value: 'null' },
    ];
    const sources = base(
      'auth: { mode: open }\nserver: { tcp: "127.0.0.1:1" }',
      'mcpServers: { a.b: { command: x } }',
    );
    const { server, upstreams } = parse(sources, { flags });
    expect(server).not.toHaveProperty('tcp');
    expect(upstreams[1]).toMatchObject({ name: 'a.b', callTimeoutMs: 5_000 });
  });

  it('are named in what is wrong', () => {
    const flags = [
      { flag: '--listen', key: 'server.listen', value: 'here' },
      { flag: '--set', key: 'server..listen', value: '1' },
    ];
    expect(refused(base(''), { flags })).toEqual([
      '--set  "server..listen" is not a setting; write keys with dots between: "server.drain"',
      expect.stringMatching(/^--listen {2}server\.listen must be HOST:PORT.*, found "here"$/),
    ]);
  });
});

describe('overrides as a layer', () => {
  const override = { document: { logging: { level: 'warn' } }, author: 'ana', at: 1_000, expiresAt: 5_000 };

  it('count until they expire', () => {
    expect(parse(base(''), { overrides: [override], nowMs: 4_999 }).logging.level).toBe('warn');
    expect(parse(base(''), { overrides: [override], nowMs: 5_000 }).logging.level).toBe('info');
  });

  it('say whose they are in what is wrong', () => {
    const wrong = { ...override, document: { logging: { level: 'loud' } } };
    expect(refused(base(''), { overrides: [wrong] })).toEqual([
      'override of ana from 1970-01-01T00:00:01.000Z  logging.level must be "debug" or "info" or "warn" or "error", found "loud"',
    ]);
  });

  // guard: config/override-variables
  it('reach no variable, file or program', () => {
    const document = { mcpServers: { up: { env: { A: '${HOME}', B: '${EXEC:id}' } } } };
    const lines = refused(base(''), {
      environment: { HOME: '/root' },
      overrides: [{ ...override, document }],
    });
    expect(lines).toEqual([
      expect.stringContaining('looked up in files only'),
      expect.stringContaining('looked up in files of whoever runs Omni only'),
    ]);
  });

  it('read the spellings of clients, and remove', () => {
    const document = {
      servers: { up: { environment: { A: null } }, web: { serverUrl: 'https://a.example' } },
    };
    const { upstreams } = parse(base(''), { overrides: [{ ...override, document }] });
    expect(upstreams).toMatchObject([
      { transport: { env: {} } },
      { transport: { url: 'https://a.example' } },
    ]);
  });
});

describe('a file of servers/ that is wrong', () => {
  const good: ConfigSource = { path: 'servers/good.yaml', role: 'server', text: 'command: good' };

  it.each([
    ['command: [', 'servers/bad.yaml:1:11  the indentation does not fit the lines above'],
    ['comand: x', 'servers/bad.yaml:1:1  "comand" is not a key of a server; did you mean "command"?'],
    ['', 'servers/bad.yaml:1:1  the file is empty'],
    ['command: "${UNSET}"', 'servers/bad.yaml:1:10  mcpServers.bad.command: ${UNSET} is not set'],
  ])('stops its server alone: %j [S000-REG-01]', (text, flaw) => {
    const bad: ConfigSource = { path: 'servers/bad.yaml', role: 'server', text };
    const { upstreams } = parse([...base(''), bad, good]);
    expect(upstreams).toMatchObject([
      { name: 'up', enabled: true },
      { name: 'bad', enabled: false, disabledReason: 'misconfigured', flaw: expect.stringContaining(flaw) },
      { name: 'good', enabled: true },
    ]);
    expect(refused([...base(''), bad, good], {}, { strict: true }).join()).toContain(flaw);
  });

  it('stops it where it is defined elsewhere too', () => {
    const bad: ConfigSource = { path: 'servers/up.yaml', role: 'server', text: '{' };
    expect(parse([...base(''), bad]).upstreams).toMatchObject([{ name: 'up', flaw: expect.anything() }]);
  });

  it('is told by what kept it from being read', () => {
    const bad: ConfigSource = {
      path: 'servers/bad.yaml',
      role: 'server',
      text: '',
      flaw: 'is not UTF-8 text',
    };
    expect(parse([good, bad]).upstreams).toMatchObject([
      { name: 'good', enabled: true },
      { name: 'bad', flaw: 'servers/bad.yaml:1:1  is not UTF-8 text' },
    ]);
  });

  it('is told beside what is wrong elsewhere', () => {
    const bad: ConfigSource = { path: 'servers/bad.yaml', role: 'server', text: 'comand: x' };
    expect(refused([...base('logging: { level: loud }'), bad])).toHaveLength(3);
  });
});

describe('variables and flags', () => {
  it('know other names, as files do [S003-CF-07]', () => {
    const environment = {
      OMNI_TRANSPORTS__HTTP__PORT: '7000',
      OMNI_ROUTING__LB: 'hashed',
      OMNI_SERVER__DRAIN_MS: '500',
      OMNI_SERVER__MAX_CONCURRENT: '5',
      OMNI_SERVERS__UP__ENABLED: 'false',
      OMNI_MCPSERVERS__UP__HEALTH_CHECK: '{"type":"tcp","intervalMs":3000}',
    };
    const flags = Object.entries({
      'server.idleTimeoutMs': '60000',
      'routing.deadlineMs': '7',
      'servers.up.environment.PIN': '1e3',
    }).map(([key, value]) => ({ flag: '--set', key, value }));
    const { server, limits, upstreams } = parse(base(''), { environment, flags });
    expect(server).toMatchObject({ host: '127.0.0.1', port: 7_000, drainMs: 500 });
    expect(limits).toMatchObject({ maxInFlight: 5, sessionIdleMs: 60_000 });
    expect(upstreams).toMatchObject([{ name: 'up', enabled: false }]);
    const on = parse(base(''), { flags });
    expect(on.upstreams).toMatchObject([
      { transport: { env: { A: '1', PIN: '1e3' } }, routing: { deadlineMs: 7 } },
    ]);
  });

  it('replace a header whatever its case', () => {
    const [old, rotated] = ['Authorization', 'authorization'].map(
      (name) => `mcpServers: { far: { url: "https://far.example", headers: { ${name}: "Basic ${name}" } } }`,
    );
    const { upstreams } = parse(
      base(old ?? '', rotated ?? '').map(({ text, ...one }) => ({ ...one, text: text.replace(SERVERS, '') })),
    );
    expect(upstreams[0]?.transport).toHaveProperty('headers', { Authorization: 'Basic authorization' });
  });

  it('say no value of a variable in a message', () => {
    const environment = {
      OMNI_MCPSERVERS__UP__TYPE: 'hunter2',
      OMNI_MCPSERVERS__DOWN:
        '{"command":"down","replica":{"of":"hunter2"},"routing":{"failover":["hunter2"]}}',
    };
    for (const [name, value] of Object.entries(environment)) {
      const lines = refused(base(''), { environment: { [name]: value } });
      expect(lines.join()).toContain('text from a variable');
      expect(lines.join()).not.toContain('hunter2');
    }
  });
});
