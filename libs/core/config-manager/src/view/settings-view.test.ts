import { describe, expect, it } from '@jest/globals';
import type * as z from 'zod/mini';
import type { ConfigSource } from '../document/config-source.ts';
import { ConfigurationSchema } from '../schema/configuration-schema.ts';
import { kindsOf, schemaBelow, shapeOf, writtenSchema } from '../schema/setting-at.ts';
import { settingsDifference, settingsView, type SettingsView } from './settings-view.ts';
import { SHOWN_TEXTS } from './shown-value.ts';

const CANARY = 'ghp_canary0123456789canary0123456789ca';

function source(text: string, path = 'omni.yaml'): ConfigSource {
  return { path, role: 'base', text };
}

function view(text: string, layers = {}): SettingsView {
  return settingsView([source(text)], { env: {}, layers });
}

function shown(text: string): Readonly<Record<string, unknown>> {
  const { settings } = view(text);
  return Object.fromEntries(
    settings.filter(({ layer }) => layer !== 'default').map(({ key, value }) => [key, value]),
  );
}

describe('settingsView', () => {
  it('says which layer has set what, and what lies below [S003-CF-01]', () => {
    const layers = {
      environment: { OMNI_LOGGING__LEVEL: 'warn' },
      flags: [{ flag: '--set', key: 'logging.level', value: 'info' }],
      overrides: [{ document: { logging: { level: 'debug' } }, author: 'ana', at: 0 }],
    };
    const text = 'logging: { level: error }\nsecrets: { set: { logging.level: "${SECRET:level}" } }';
    const level = view(text, layers).settings.find(({ key }) => key === 'logging.level');
    expect(level).toEqual({
      key: 'logging.level',
      layer: 'override',
      place: 'override of ana from 1970-01-01T00:00:00.000Z',
      value: 'debug',
      under: [
        { layer: 'flag', place: '--set', value: 'info' },
        { layer: 'secret', place: 'omni.yaml:2:34', value: '${SECRET:level}' },
        { layer: 'environment', place: 'OMNI_LOGGING__LEVEL', value: 'warn' },
        { layer: 'file', place: 'omni.yaml:1:19', value: 'error' },
        { layer: 'default', value: 'info' },
      ],
    });
  });

  it('has the default of whatever is not set, as it would be written', () => {
    const { settings } = view('mcpServers: {}');
    expect(settings).toContainEqual({ key: 'server.drain', layer: 'default', value: '10s', under: [] });
    expect(settings).toContainEqual({
      key: 'server.listen',
      layer: 'default',
      value: '127.0.0.1:7431',
      under: [],
    });
  });

  it('names the one owner of each server', () => {
    const sources = [
      source('mcpServers: { a: { command: a } }'),
      { path: 'servers/b.yaml', role: 'server' as const, text: 'command: b' },
    ];
    const layers = {
      environment: { OMNI_MCPSERVERS__A__DISABLED: 'true' },
      flags: [{ flag: '--set', key: 'mcpServers.c.url', value: 'https://c.example' }],
      overrides: [{ document: { mcpServers: { d: { url: 'https://d.example' } } }, author: 'ana', at: 0 }],
    };
    expect(settingsView(sources, { env: {}, layers }).servers).toEqual([
      { name: 'a', calledAs: 'a', owner: 'file', place: 'omni.yaml:1:15' },
      { name: 'b', calledAs: 'b', owner: 'file', place: 'servers/b.yaml:1:1' },
      { name: 'c', calledAs: 'c', owner: 'flag', place: '--set' },
      { name: 'd', calledAs: 'd', owner: 'override', place: 'override of ana from 1970-01-01T00:00:00.000Z' },
    ]);
  });

  // guard: config/shown-texts
  it('hides what may be secret: whatever nobody has decided to show', () => {
    const text = `
auth: { token: ${CANARY}, tokens: [{ name: ana, token: "\${ANA}" }] }
storage: { url: "postgres://u:${CANARY}@h/d" }
outgoing: { proxy: "http://u:${CANARY}@h" }
telemetry: { otlp: { endpoint: "http://h/${CANARY}" } }
sealing: { keys: ["${CANARY}", "\${SEAL:-${CANARY}}"] }
modules: { own: { text: ${CANARY}, count: 3 } }
server: { allowedHosts: ["${CANARY}"], drain: 5s, tls: { cert: a.pem, key: b.pem } }
mcpServers:
  a: { command: npx, args: [--token, ${CANARY}], env: { K: ${CANARY}, L: "\${SECRET:l}", M: "Bearer \${M:?${CANARY}}" } }
  b: { url: "https://h/${CANARY}", headers: { A: "Bearer \${${CANARY}}" } }
`;
    expect(JSON.stringify(view(text))).not.toContain('canary');
    expect(shown(text)).toMatchObject({
      'auth.token': '***',
      'auth.tokens': [{ name: 'ana', token: '${ANA}' }],
      'storage.url': '***',
      'sealing.keys': ['***', '${SEAL:-***}'],
      'server.allowedHosts': ['***'],
      'server.drain': '5s',
      'server.tls.key': 'b.pem',
      'mcpServers.a.command': 'npx',
      'mcpServers.a.args': ['***', '***'],
      'mcpServers.a.env.L': '${SECRET:l}',
      'mcpServers.a.env.M': '***${M:?***}',
      'mcpServers.b.headers.A': '***${***}',
    });
  });

  it('hides arguments of programs, numbers where text may stand, and lines where a name belongs', () => {
    const text = `
modules: { own: { pin: 4711 } }
mcpServers:
  a:
    command: npx --password canary
    args: ["\${EXEC:op --password canary}", "\${FILE:/run/a}"]
    env: { PIN: "5s", "PASSWORD=canary": "" }
    callTimeout: 5s
  b: { command: /usr/bin/b, headers: { "Authorization: canary": "" } }
  c: { command: c, connectTimeout: 500 }
`;
    expect(JSON.stringify(view(text))).not.toMatch(/canary|4711/);
    expect(shown(text)).toMatchObject({
      'mcpServers.a.command': '***',
      'mcpServers.a.args': ['${EXEC:op …}', '${FILE:/run/a}'],
      'mcpServers.a.env.PIN': '***',
      'mcpServers.a.env.PASSWORD***': '',
      'mcpServers.a.callTimeout': '5s',
      'mcpServers.b.command': '/usr/bin/b',
      'mcpServers.b.headers.Authorization***': '',
    });
  });

  it('shows texts of settings that there are', () => {
    const texts = new Set(textsOf(ConfigurationSchema, ''));
    expect([...SHOWN_TEXTS].filter((path) => !texts.has(path))).toEqual([]);
  });

  it('reads what is wrong, and refuses what cannot be read', () => {
    expect(shown('server: { drain: soon }')).toEqual({ 'server.drain': '***' });
    expect(() => view('server: [')).toThrow(/omni\.yaml:1/);
  });
});

describe('settingsDifference', () => {
  it('says what differs, by value and not by what is shown', () => {
    const before = [
      source('auth: { token: aaaaaaaaaaaaaaaa }\nserver: { drain: 5s }\nlogging: { level: warn }'),
    ];
    const after = [
      source('auth: { token: bbbbbbbbbbbbbbbb }\nserver: { drain: 5s }\nlimits: { maxDepth: 9 }', 'new.yaml'),
    ];
    expect(settingsDifference(before, after, { env: {} })).toEqual([
      {
        key: 'auth.token',
        before: { layer: 'file', place: 'omni.yaml:1:16', value: '***' },
        after: { layer: 'file', place: 'new.yaml:1:16', value: '***' },
      },
      { key: 'limits.maxDepth', after: { layer: 'file', place: 'new.yaml:3:21', value: 9 } },
      { key: 'logging.level', before: { layer: 'file', place: 'omni.yaml:3:19', value: 'warn' } },
    ]);
    expect(settingsDifference(before, before, { env: {} })).toEqual([]);
  });

  it('tells keys apart that are shown alike', () => {
    const sources = ['x', 'y'].map((pin) =>
      source(`mcpServers: { a: { command: a, env: { "P=1": same, "P=2": ${pin} } } }`),
    );
    const [before = source(''), after = source('')] = sources;
    const differences = settingsDifference([before], [after], { env: {} });
    expect(differences.map(({ key }) => key)).toEqual(['mcpServers.a.env.P***']);
  });
});

/** Paths of settings that take text, names and indices as `*`. */
function textsOf(schema: z.core.$ZodType, path: string): readonly string[] {
  const below = (key: string, inner: z.core.$ZodType): readonly string[] =>
    textsOf(inner, path === '' ? key : `${path}.${key}`);
  const shape = shapeOf(schema);
  if (shape !== undefined) return Object.entries(shape).flatMap(([key, inner]) => below(key, inner));
  const { def } = writtenSchema(schema)._zod;
  if (def.type === 'record') return below('*', def.valueType);
  if (def.type === 'array') return below('*', def.element);
  const items = kindsOf(schema).has('list') ? schemaBelow(schema, '0') : undefined;
  return [...(kindsOf(schema).has('text') ? [path] : []), ...(items === undefined ? [] : below('*', items))];
}
