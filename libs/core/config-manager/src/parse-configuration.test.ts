import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE, DEFAULT_ROUTING } from '@omni/ports';
import type { ConfigSource } from './document/config-source.ts';
import type { Configuration } from './configuration.ts';
import { parseConfiguration } from './parse-configuration.ts';
import type { UpstreamConfig } from './upstream-config.ts';
import type { Environment } from './document/variables.ts';

function parse(text: string, env: Environment = {}, path = 'omni.yaml'): Configuration {
  return parseConfiguration([{ path, text, role: 'base' }], { env });
}

function layered(texts: Readonly<Record<string, string>>, env: Environment = {}): Configuration {
  const sources = Object.entries(texts).map(([path, text]): ConfigSource => ({
    path,
    text,
    role: path.startsWith('servers/') ? 'server' : 'base',
  }));
  return parseConfiguration(sources, { env });
}

const UPSTREAM: Omit<UpstreamConfig, 'name' | 'transport'> = {
  enabled: true,
  protocol: 'auto',
  instances: 'auto',
  connectTimeoutMs: 30_000,
  callTimeoutMs: 60_000,
  maxCallTimeMs: 1_800_000,
  listAgeMs: 60_000,
  lifecycle: DEFAULT_LIFECYCLE,
  routing: DEFAULT_ROUTING,
  critical: true,
  secretValues: [],
};

describe('parseConfiguration', () => {
  it('fills in every default', () => {
    expect(parse('mcpServers: { a: { command: npx } }')).toEqual({
      server: {
        host: '127.0.0.1',
        port: 7431,
        allowedHosts: [],
        allowedOrigins: [],
        legacySse: false,
        unixSocket: false,
        drainMs: 10_000,
      },
      auth: { mode: 'token', tokens: [] },
      tests: [],
      modules: {},
      naming: { prefix: 'always', labelElicitations: true },
      sealing: { keys: [] },
      secrets: {
        chain: ['file'],
        fallback: ['environment'],
        folder: '/run/secrets',
        key: 'file',
        maxStaleMs: 86_400_000,
        rules: {},
        timeoutMs: 5_000,
        ttlMs: 300_000,
      },
      limits: {
        maxBodyBytes: 4_194_304,
        maxDepth: 64,
        maxElements: 100_000,
        maxUpstreamMessageBytes: 16_777_216,
        maxUnfinishedBytes: 268_435_456,
        maxListBytes: 268_435_456,
        maxListAnswerBytes: 16_777_216,
        maxUnreadBytes: 268_435_456,
        maxInFlight: 1_000,
        maxWaiting: 0,
        maxWaitMs: 10_000,
        maxUpstreamInFlight: 1_000,
        maxInstanceInFlight: 1_000,
        maxSessions: 1_000,
        sessionIdleMs: 1_800_000,
        maxSessionInFlight: 100,
        maxInstances: 64,
        maxStarting: 8,
        maxStartsPerSecond: 20,
        maxHeapShare: 0.85,
      },
      startup: { timeoutMs: 30_000, requireCritical: false },
      errors: { onUnknown: 'crash' },
      logging: { level: 'info', sampleRequests: 0 },
      telemetry: { metrics: true, traceShare: 1 },
      reload: { watch: true, debounceMs: 300 },
      storage: {
        url: 'sqlite:',
        schema: 'omni',
        healthLogRetentionMs: 7_776_000_000,
        callRetentionMs: 86_400_000,
        maxCalls: 10_000,
        maxCallBytes: 67_108_864,
        scanMs: 30_000,
      },
      outgoing: { proxy: 'environment' },
      catalogue: { lingerMs: 10_000 },
      upstreams: [
        { ...UPSTREAM, name: 'a', transport: { kind: 'stdio', command: 'npx', args: [], env: {} } },
      ],
      warnings: [],
      notes: [],
    });
  });

  it('starts the path of the store at its own folder', () => {
    const urlOf = (url: string): string =>
      parse(`storage: { url: "${url}" }`, {}, 'etc/omni.yaml').storage.url;
    expect(['sqlite:', 'sqlite:own.db', 'sqlite:/var/omni.db', 'memory:'].map(urlOf)).toEqual([
      'sqlite:',
      'sqlite:etc/own.db',
      'sqlite:/var/omni.db',
      'memory:',
    ]);
  });

  it('says nothing of the address of a store that it refuses', () => {
    const refused = (): unknown => parse('storage: { url: "mysql://omni:a-secret@db.example/omni" }');
    expect(refused).toThrow('storage.url must be "sqlite:"');
    expect(refused).not.toThrow('a-secret');
    expect(() => parse('storage: { schema: "a b" }')).toThrow('storage.schema must be');
    expect(() => parse('storage: { healthLogRetention: 90 }')).toThrow('storage.healthLogRetention');
    expect(() => parse('storage: { healthLogRetention: 24h }')).toThrow('such as "90d"');
  });

  it('takes a path with a space for one program', () => {
    expect(
      parse(
        'mcpServers: { a: { command: "/opt/my tools/x" }, b: { command: "C:\\\\Program Files\\\\x.exe" } }',
      ).warnings,
    ).toEqual([]);
  });

  it('starts relative paths at the folder of the source that holds them', () => {
    const { server, upstreams } = layered({
      '/etc/omni/default.yaml':
        'server: { unixSocket: run/omni.sock, tls: { cert: ./a.pem, key: /keys/a.pem } }\nmcpServers: { a: { command: ./run, cwd: a } }',
      'conf/local.yaml':
        'server: { tls: { cert: b.pem } }\nmcpServers: { b: { command: "${TOOLS:-tools}/b", args: [./b] }, c: { command: c } }',
      'servers/d.yaml': '{ command: ./d }',
    });
    expect(server.unixSocket).toBe('/etc/omni/run/omni.sock');
    expect(server.tls).toEqual({ cert: 'conf/b.pem', key: '/keys/a.pem' });
    expect(upstreams.map(({ transport }) => transport)).toEqual([
      { kind: 'stdio', command: './run', args: [], env: {}, cwd: '/etc/omni/a' },
      { kind: 'stdio', command: 'conf/tools/b', args: ['./b'], env: {} },
      { kind: 'stdio', command: 'c', args: [], env: {} },
      { kind: 'stdio', command: 'servers/d', args: [], env: {} },
    ]);
  });

  it('takes every setting', () => {
    const configuration = parse(
      `
$schema: ./omni.schema.json
version: 1
x-anything: { goes: here }
server: { listen: "[::1]:8080", allowedHosts: [mcp.example.com], allowedOrigins: ["https://app.example.com"], legacySse: true, unixSocket: /run/omni.sock, tls: { cert: c.pem, key: k.pem }, drain: 0s, x-note: mine }
auth: { mode: token, token: 0123456789abcdef, tokens: [{ name: ada, token: ada-0123456789abcdef }, { name: b.o@example.com, token: bo-0123456789abcdef }] }
naming: { prefix: on-conflict, labelElicitations: false }
sealing: { keys: ["\${SEAL}"] }
secrets: { chain: [vault, keychain, mounted], fallback: [], folder: run, key: keychain, ttl: 1m, maxStale: 1h, timeout: 2s, rules: { token: { servers: [a], hosts: ["*.example.com"] } }, vault: { address: "https://vault.example.com:8200", namespace: team, mount: kv, token: "\${PASSWORD}", transitKey: own, transitMount: keys } }
limits: { maxBodyBytes: 1024, maxDepth: 10, maxElements: 20, maxUpstreamMessageBytes: 2048, maxUnfinishedBytes: 2097152, maxUnreadBytes: 3145728, maxListBytes: 3145728, maxListAnswerBytes: 65536, maxInFlight: 3, maxWaiting: 5, maxWait: 4s, maxHeapShare: 0.7, sessionQuota: { window: 1m, calls: 2 }, maxUpstreamInFlight: 7, maxInstanceInFlight: 8, maxSessions: 4, sessionIdle: 5m, maxSessionInFlight: 6, maxInstances: 7, maxStarting: 2, maxStartsPerSecond: 3 }
startup: { timeout: 2s, requireCritical: true }
errors: { onUnknown: isolate }
logging: { level: debug, sampleRequests: 0.25 }
telemetry: { metrics: false, otlp: { endpoint: "http://127.0.0.1:4318", sample: 0.5 } }
reload: { watch: false, debounce: 1s }
storage: { url: "postgres://omni:\${PASSWORD}@db.example/omni", schema: omni2, healthLogRetention: 7d, callRetention: 1h, maxCalls: 5, maxCallBytes: 2000, scan: 10s }
outgoing: { proxy: "http://proxy.example:3128" }
catalogue: { linger: 0s }
defaults: { connectTimeout: 1s, callTimeout: 2s, maxCallTime: 1h, listAge: 10m }
mcpServers:
  local: { type: stdio, command: node, args: [a.js], env: { A: b }, cwd: ./x, protocol: legacy, instances: per-session, callTimeout: 1500ms, critical: false, x-origin: cursor }
  remote: { type: http, url: "https://mcp.example.com/mcp", headers: { x-api-key: k }, protocol: "2026-07-28", instances: shared, connectTimeout: 3s, maxCallTime: 2h, listAge: 30s, health: { strategy: http, path: /healthz, timeout: 1s, tool: status, arguments: { deep: [1, null] }, uri: "x:y" }, start: on-demand, idleStop: 10m }
`,
      { SEAL: `${'/'.repeat(42)}8=`, PASSWORD: 'a-secret' },
    );
    expect(configuration).toEqual({
      server: {
        host: '::1',
        port: 8080,
        allowedHosts: ['mcp.example.com'],
        allowedOrigins: ['https://app.example.com'],
        legacySse: true,
        unixSocket: '/run/omni.sock',
        tls: { cert: 'c.pem', key: 'k.pem' },
        drainMs: 0,
      },
      auth: {
        mode: 'token',
        token: '0123456789abcdef',
        tokens: [
          { name: 'ada', token: 'ada-0123456789abcdef' },
          { name: 'b.o@example.com', token: 'bo-0123456789abcdef' },
        ],
      },
      tests: [],
      modules: {},
      naming: { prefix: 'on-conflict', labelElicitations: false },
      sealing: { keys: [new Uint8Array(32).fill(255)] },
      secrets: {
        chain: ['vault', 'keychain', 'mounted'],
        fallback: [],
        folder: 'run',
        key: 'keychain',
        ttlMs: 60_000,
        maxStaleMs: 3_600_000,
        timeoutMs: 2_000,
        rules: { token: { servers: ['a'], hosts: ['*.example.com'] } },
        vault: {
          address: 'https://vault.example.com:8200',
          namespace: 'team',
          mount: 'kv',
          transitKey: 'own',
          transitMount: 'keys',
          login: { kind: 'token', token: ['a-secret'] },
        },
      },
      limits: {
        maxBodyBytes: 1_024,
        maxDepth: 10,
        maxElements: 20,
        maxUpstreamMessageBytes: 2_048,
        maxUnfinishedBytes: 2_097_152,
        maxListBytes: 3_145_728,
        maxListAnswerBytes: 65_536,
        maxUnreadBytes: 3_145_728,
        maxInFlight: 3,
        maxWaiting: 5,
        maxWaitMs: 4_000,
        maxHeapShare: 0.7,
        sessionQuota: { windowMs: 60_000, calls: 2 },
        maxUpstreamInFlight: 7,
        maxInstanceInFlight: 8,
        maxSessions: 4,
        sessionIdleMs: 300_000,
        maxSessionInFlight: 6,
        maxInstances: 7,
        maxStarting: 2,
        maxStartsPerSecond: 3,
      },
      startup: { timeoutMs: 2_000, requireCritical: true },
      errors: { onUnknown: 'isolate' },
      logging: { level: 'debug', sampleRequests: 0.25 },
      telemetry: { metrics: false, otlpEndpoint: 'http://127.0.0.1:4318', traceShare: 0.5 },
      reload: { watch: false, debounceMs: 1_000 },
      storage: {
        url: 'postgres://omni:a-secret@db.example/omni',
        schema: 'omni2',
        healthLogRetentionMs: 604_800_000,
        callRetentionMs: 3_600_000,
        maxCalls: 5,
        maxCallBytes: 2_000,
        scanMs: 10_000,
      },
      outgoing: { proxy: 'http://proxy.example:3128' },
      catalogue: { lingerMs: 0 },
      upstreams: [
        {
          ...UPSTREAM,
          name: 'local',
          protocol: 'legacy',
          instances: 'per-session',
          connectTimeoutMs: 1_000,
          callTimeoutMs: 1_500,
          maxCallTimeMs: 3_600_000,
          listAgeMs: 600_000,
          lifecycle: DEFAULT_LIFECYCLE,
          routing: DEFAULT_ROUTING,
          critical: false,
          transport: { kind: 'stdio', command: 'node', args: ['a.js'], env: { A: 'b' }, cwd: './x' },
        },
        {
          ...UPSTREAM,
          name: 'remote',
          protocol: '2026-07-28',
          instances: 'shared',
          connectTimeoutMs: 3_000,
          callTimeoutMs: 2_000,
          maxCallTimeMs: 7_200_000,
          listAgeMs: 30_000,
          lifecycle: {
            ...DEFAULT_LIFECYCLE,
            probe: { ...DEFAULT_LIFECYCLE.probe, timeoutMs: 1_000 },
          },
          health: {
            strategy: 'http',
            path: '/healthz',
            tool: { name: 'status', arguments: '{"deep":[1,null]}' },
            uri: 'x:y',
          },
          start: 'on-demand',
          idleStopMs: 600_000,
          transport: { kind: 'http', url: 'https://mcp.example.com/mcp', headers: { 'x-api-key': 'k' } },
        },
      ],
      warnings: [],
      notes: [],
    });
  });

  it('lets a later file override one key and keeps its siblings [S000-CFG-01]', () => {
    const { limits, upstreams, logging } = layered({
      'default.yaml':
        'limits: { maxDepth: 10, maxInFlight: 1 }\nmcpServers: { a: { command: x, args: [1, 2], env: { A: base, B: base } }, b: { command: y } }',
      'prod.yaml':
        'limits: { maxInFlight: 2 }\nlogging: { level: warn }\nmcpServers: { a: { env: { B: prod } } }',
      'local.yaml': 'limits: { maxInFlight: 3 }\nmcpServers: { a: { args: [local] } }',
    });
    expect(limits).toMatchObject({ maxDepth: 10, maxInFlight: 3 });
    expect(logging.level).toBe('warn');
    expect(upstreams.map(({ name, transport }) => [name, transport])).toEqual([
      ['a', { kind: 'stdio', command: 'x', args: ['local'], env: { A: 'base', B: 'prod' } }],
      ['b', { kind: 'stdio', command: 'y', args: [], env: {} }],
    ]);
  });

  it('merges different spellings of one key', () => {
    const { upstreams } = layered({
      'default.yaml': 'mcpServers: { a: { url: "https://old.example.com" } }',
      'local.json': '{"servers":{"a":{"serverUrl":"https://new.example.com"}}}',
    });
    expect(upstreams[0]?.transport).toEqual({ kind: 'http', url: 'https://new.example.com', headers: {} });
  });

  it('names a server after its file', () => {
    const { upstreams } = layered({
      'default.yaml': 'mcpServers: { a: { command: x } }',
      'servers/informatica.yaml': 'command: informatica\n',
      'servers/a.json': '{"args": ["1"]}',
    });
    expect(upstreams.map(({ name, transport }) => [name, transport])).toEqual([
      ['a', { kind: 'stdio', command: 'x', args: ['1'], env: {} }],
      ['informatica', { kind: 'stdio', command: 'informatica', args: [], env: {} }],
    ]);
  });

  it.each([
    ['a byte order mark', '\uFEFF{"mcpServers":{"a":{"command":"x"}}}', 'mcp.json'],
    [
      'tabs, comments and trailing commas',
      '{\n\t// note\n\t"servers": { "a": { "command": "x", /* more */ }, },\n\t"inputs": [{ "id": "t" }]\n}',
      'mcp.json',
    ],
    ['JSON without an extension', '// note\n{"mcpServers":{"a":{"command":"x"}}}', '.mcp'],
    ['context_servers of Zed', 'context_servers: { a: { source: custom, command: x } }', 'omni.yaml'],
    ['mcp_servers of Codex', 'mcp_servers: { a: { command: x, required: true } }', 'omni.yaml'],
    ['a list as command', 'mcp: { a: { type: local, command: [x] } }', 'omni.yaml'],
    [
      'hints for clients',
      'mcpServers: { a: { command: x, tools: ["*"], trust: true, autoApprove: [a], alwaysAllow: [b] } }',
      'omni.yaml',
    ],
    ['CRLF', 'mcpServers:\r\n  a:\r\n    command: x\r\n', 'omni.yaml'],
    ['CR alone', 'mcpServers:\r  a:\r    command: x\r', 'omni.yaml'],
    ['CR alone in JSON', '{\r"mcpServers":\r{"a":{"command":"x"\r}}}', 'omni.json'],
    ['an alias', 'x-base: &base { command: x }\nmcpServers: { a: *base }', 'omni.yaml'],
  ])('reads %s', (_what, text, path) => {
    const { upstreams, warnings } = parse(text, {}, path);
    expect({ upstreams, warnings }).toEqual({
      upstreams: [{ ...UPSTREAM, name: 'a', transport: { kind: 'stdio', command: 'x', args: [], env: {} } }],
      warnings: [],
    });
  });

  it('reads type sse with its address and headers', () => {
    expect(
      parse('mcpServers: { a: { type: sse, url: "http://127.0.0.1:1/sse", headers: { X-Key: k } } }')
        .upstreams[0]?.transport,
    ).toEqual({
      kind: 'sse',
      url: 'http://127.0.0.1:1/sse',
      headers: { 'X-Key': 'k' },
    });
  });

  it.each(['http', 'streamable-http', 'streamableHttp', 'streamable_http', 'remote'])(
    'reads type %s as http',
    (type) => {
      expect(
        parse(`mcpServers: { a: { type: ${type}, url: "http://127.0.0.1:1/mcp" } }`).upstreams[0]?.transport
          .kind,
      ).toBe('http');
    },
  );

  it.each(['url', 'serverUrl', 'httpUrl', 'uri'])('reads %s as the address', (key) => {
    expect(
      parse(`mcpServers: { a: { ${key}: "http://127.0.0.1:1/mcp" } }`).upstreams[0]?.transport,
    ).toMatchObject({
      url: 'http://127.0.0.1:1/mcp',
    });
  });

  it.each(['env', 'environment', 'envs'])('reads %s as the environment', (key) => {
    expect(
      parse(`mcpServers: { a: { command: x, ${key}: { A: b } } }`).upstreams[0]?.transport,
    ).toMatchObject({ env: { A: 'b' } });
  });

  it('splits a command list before further arguments', () => {
    expect(
      parse('mcpServers: { a: { command: [npx, -y], args: [x] } }').upstreams[0]?.transport,
    ).toMatchObject({
      command: 'npx',
      args: ['-y', 'x'],
    });
  });

  it('takes numbers and booleans as they are written where text is meant', () => {
    expect(
      parse(
        'mcpServers: { a: { command: x, args: [--port, 8080, 1e3, 0x1F, true], env: { A: 010, B: NO } } }',
      ).upstreams[0]?.transport,
    ).toEqual({
      kind: 'stdio',
      command: 'x',
      args: ['--port', '8080', '1e3', '0x1F', 'true'],
      env: { A: '010', B: 'NO' },
    });
  });

  it('reads names of object properties like any other name', () => {
    const { upstreams } = parse(
      'mcpServers: { constructor: { command: x, env: { toString: a, hasOwnProperty: b } }, valueOf: { command: y } }',
    );
    expect(upstreams.map(({ name }) => name)).toEqual(['constructor', 'valueOf']);
    expect(upstreams[0]?.transport).toMatchObject({ env: { toString: 'a', hasOwnProperty: 'b' } });
  });

  it('replaces references after merging and keeps the values of each server apart', () => {
    const { upstreams, auth } = layered(
      {
        'default.yaml':
          'auth: { token: "${GATEWAY_TOKEN}" }\nmcpServers: { a: { url: "${UNSET}", headers: { Authorization: "Bearer ${A}" } }, b: { command: x, args: ["${B_KEY}", "${B_KEY}", "${C:-c}"] } }',
        'local.yaml': 'mcpServers: { a: { url: "https://${HOST:-mcp.example.com}/mcp" } }',
      },
      { A: 'secret-a', B_KEY: 'secret-b${A}', GATEWAY_TOKEN: '0123456789abcdef' },
    );
    expect(auth.token).toBe('0123456789abcdef');
    expect(upstreams.map(({ transport, secretValues }) => [transport, secretValues])).toEqual([
      [
        { kind: 'http', url: 'https://mcp.example.com/mcp', headers: { Authorization: 'Bearer secret-a' } },
        ['secret-a'],
      ],
      [
        { kind: 'stdio', command: 'x', args: ['secret-b${A}', 'secret-b${A}', 'c'], env: {} },
        ['secret-b${A}'],
      ],
    ]);
  });

  it('takes tokens from variables, and keys in base64 and base64url', () => {
    const { auth, sealing } = parse(
      'auth: { tokens: [{ name: ada, token: "${ADA}" }] }\nsealing: { keys: ["${NEW}", "${OLD}"] }\nmcpServers: {}',
      { ADA: 'ada-0123456789abcdef', NEW: `${'+/'.repeat(21)}A=`, OLD: `${'-_'.repeat(21)}A` },
    );
    expect(auth.tokens).toEqual([{ name: 'ada', token: 'ada-0123456789abcdef' }]);
    expect(sealing.keys.map(({ length }) => length)).toEqual([32, 32]);
    expect(sealing.keys[0]).toEqual(sealing.keys[1]);
  });

  it('counts what is a credential by its name or its look among the secrets, wherever it is written', () => {
    const { upstreams } = parse(
      `mcpServers:
  a: { command: x, env: { API_KEY: literal-key, DEBUG: "1", NODE_ENV: production, HANDLE: a1b2c3d4e5 }, args: [--token, abcdef, --secret=ghijkl, --dir, /srv/data] }
  b: { url: "https://b.example/?key=in-the-url", headers: { X-Key: another-key, Accept-Language: en-GB } }`,
    );
    expect(upstreams.map(({ secretValues }) => secretValues)).toEqual([
      ['literal-key', 'a1b2c3d4e5', 'abcdef', 'ghijkl'],
      ['another-key', 'in-the-url'],
    ]);
  });

  it('takes neither paths nor words that variables hold for secrets', () => {
    const { upstreams } = parse(
      'mcpServers: { a: { command: "${HOME}/bin/x", cwd: "${HOME}", env: { NODE_ENV: "${MODE}", ROOT: "${HOME}/srv" } } }',
      { HOME: '/root', MODE: 'production' },
    );
    expect(upstreams[0]?.secretValues).toEqual([]);
  });

  it('asks for no variable of a server that is switched off', () => {
    const { upstreams } = parse(
      'mcpServers: { a: { url: "${UNSET}", disabled: true }, b: { command: x, enabled: false, connectTimeout: "${UNSET}" }, c: { command: x, enabled: true } }',
    );
    expect(upstreams.map(({ name, enabled, disabledReason }) => [name, enabled, disabledReason])).toEqual([
      ['a', false, 'disabled'],
      ['b', false, 'disabled'],
      ['c', true, undefined],
    ]);
  });

  it.each<[string, UpstreamConfig['transport']]>([
    [
      'url: "wss://a.example/mcp", headers: { X-A: "1" }',
      { kind: 'websocket', url: 'wss://a.example/mcp', headers: { 'X-A': '1' } },
    ],
    ['type: websocket, url: "ws://a.example"', { kind: 'websocket', url: 'ws://a.example', headers: {} }],
    ['url: "unix:/run/a%20b.sock"', { kind: 'socket', address: { path: '/run/a b.sock' } }],
    ['type: unix, url: "unix:///run/a.sock"', { kind: 'socket', address: { path: '/run/a.sock' } }],
    [String.raw`url: 'unix:\\.\pipe\a'`, { kind: 'socket', address: { path: String.raw`\\.\pipe\a` } }],
    ['url: "tcp://127.0.0.1:9000"', { kind: 'socket', address: { host: '127.0.0.1', port: 9_000 } }],
    ['type: tcp, url: "tcp://[::1]:80/"', { kind: 'socket', address: { host: '::1', port: 80 } }],
  ])('reads where a persistent connection leads: %s', (entry, transport) => {
    const { upstreams, warnings } = parse(`mcpServers: { a: { ${entry} } }`);
    expect(upstreams.map((upstream) => upstream.transport)).toEqual([transport]);
    expect(warnings).toEqual([]);
  });

  it('reads which headers of clients go on, in any case and each once; configured ones win', () => {
    const { upstreams, warnings } = parse(`
mcpServers:
  a: { url: "http://a.example", forwardHeaders: [X-Tenant, x-tenant, X-Region] }
  b: { type: sse, url: "http://b.example", headers: { X-REGION: eu }, forwardHeaders: [x-region, X-Request-Id] }
  c: { url: "http://c.example", forwardHeaders: [] }`);
    expect(upstreams.map(({ forwardHeaders }) => forwardHeaders)).toEqual([
      ['x-tenant', 'x-region'],
      ['x-request-id'],
      undefined,
    ]);
    expect(warnings).toEqual([
      'omni.yaml:4:71  mcpServers.b.forwardHeaders has no effect for "X-REGION", which "headers" sets',
    ]);
  });

  it('reads who tells a server its folders; nobody does by default', () => {
    const { upstreams, warnings } = parse(`
mcpServers:
  a: { command: a }
  b: { command: b, roots: none }
  c: { command: c, roots: pass }
  d: { command: d, roots: [/srv/my docs, "C:\\\\work\\\\a#b", "\\\\\\\\host\\\\share", "file:///x%20y"] }`);
    expect(upstreams.map(({ roots }) => roots)).toEqual([
      undefined,
      undefined,
      'pass',
      [
        { uri: 'file:///srv/my%20docs' },
        { uri: 'file:///C:/work/a%23b' },
        { uri: 'file://host/share' },
        { uri: 'file:///x%20y' },
      ],
    ]);
    expect(warnings).toEqual([]);
  });

  it('says that a socket has no headers', () => {
    expect(parse('mcpServers: { a: { url: "unix:/a", headers: { X-A: "1" }, cwd: /x } }').warnings).toEqual([
      'omni.yaml:1:36  mcpServers.a.headers has no effect on a socket',
      'omni.yaml:1:59  mcpServers.a.cwd has no effect without "command"',
    ]);
  });

  it('takes a socket in the state folder, and TCP where nobody is asked for a token anyway', () => {
    const { server } = parse('server: { unixSocket: true, tcp: "127.0.0.1:0" }\nauth: { mode: open }');
    expect(server.unixSocket).toBe(true);
    expect(server.tcp).toEqual({ host: '127.0.0.1', port: 0 });
  });

  it('considers a server with a feature flag only while the flag is on [S000-REG-02]', () => {
    const reasonWith = (env: Environment): string | undefined =>
      parse('mcpServers: { a: { command: x, featureFlag: new-search } }', env).upstreams[0]?.disabledReason;
    expect(
      [
        {},
        { OMNI_FEATURE_NEW_SEARCH: '0' },
        { OMNI_FEATURE_NEW_SEARCH: '1' },
        { OMNI_FEATURE_NEW_SEARCH: 'true' },
      ].map(reasonWith),
    ).toEqual(['feature_off:new-search', 'feature_off:new-search', undefined, undefined]);
  });

  it('leaves out a server whose required variables are missing, and names them', () => {
    const { upstreams, warnings } = parse(
      'mcpServers: { a: { command: x, requiredEnv: [SET, UNSET, EMPTY], env: { T: "${UNSET}" } }, b: { command: y } }',
      { SET: '1', EMPTY: '' },
    );
    expect(upstreams.map(({ name, enabled, disabledReason }) => [name, enabled, disabledReason])).toEqual([
      ['a', false, 'missing_env:[UNSET,EMPTY]'],
      ['b', true, undefined],
    ]);
    expect(warnings).toEqual([
      'omni.yaml:1:45  mcpServers.a is not started: UNSET, EMPTY must be set and not empty',
    ]);
  });

  // guard: config/open-outside
  it('allows open access on loopback only', () => {
    expect(parse('auth: { mode: open }\nserver: { listen: "localhost:0" }').auth).toEqual({
      mode: 'open',
      tokens: [],
    });
    expect(() => parse('auth: { mode: open }\nserver: { listen: "0.0.0.0:0" }')).toThrow(
      'auth.mode "open" lets in everybody',
    );
  });

  it.each([
    ['server: {}', 'omni.yaml:1:1  no server is configured; write them under "mcpServers:"'],
    [
      'mcpServers: { a: { command: x, timeout: 500 } }',
      'omni.yaml:1:32  mcpServers.a.timeout says no unit and is read as 500s; write "callTimeout": "500s"',
    ],
    [
      'mcpServers: { a: { command: x, sandbox: true } }',
      'omni.yaml:1:32  mcpServers.a.sandbox has no effect in this version',
    ],
    [
      'mcpServers: { a: { command: x, headers: { A: b } } }',
      'omni.yaml:1:32  mcpServers.a.headers has no effect without "url"',
    ],
    [
      'mcpServers: { a: { command: npx -y server } }',
      'omni.yaml:1:29  mcpServers.a.command holds a space and is taken for the name of one program; write its arguments under "args"',
    ],
    [
      'mcpServers: { a: { url: "http://x", cwd: / } }',
      'omni.yaml:1:37  mcpServers.a.cwd has no effect without "command"',
    ],
    [
      'mcpServers: { a: { command: x, callTimeout: 2h } }',
      'omni.yaml:1:45  mcpServers.a: callTimeout is longer than maxCallTime, which ends a call first',
    ],
    [
      'auth: { mode: open, token: 0123456789abcdef }\nmcpServers: { a: { command: x } }',
      'omni.yaml:1:28  auth.token has no effect while auth.mode is "open"',
    ],
    [
      'auth: { mode: open, token: short }\nmcpServers: { a: { command: x } }',
      'omni.yaml:1:28  auth.token has no effect while auth.mode is "open"',
    ],
    [
      'auth: { mode: open, tokens: [{ name: ada, token: 0123456789abcdef }] }\nmcpServers: { a: { command: x } }',
      'omni.yaml:1:50  auth.tokens.0.token has no effect while auth.mode is "open"',
    ],
  ])('warns of %s', (text, warning) => {
    expect(parse(text).warnings).toEqual([warning]);
  });
});
