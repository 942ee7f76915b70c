import { describe, expect, it } from '@jest/globals';
import {
  DEFAULT_ROUTING,
  GatewayError,
  type OpenChannel,
  type UpstreamSpec,
  type UpstreamTransport,
} from '@omni/ports';
import { upstreamSpecOf } from '@omni/testing';
import { definitionId } from './definition-identity.ts';
import { UpstreamRegistry } from './upstream-registry.ts';

const STDIO: UpstreamTransport = { kind: 'stdio', command: 'node', args: ['a.js'], env: { A: '1', B: '2' } };
const HTTP: UpstreamTransport = { kind: 'http', url: 'http://127.0.0.1:1/mcp', headers: { 'x-key': 'k' } };
const open: OpenChannel = () => ({ send: () => true, close: () => Promise.resolve() });

function named(name: string, settings: Partial<UpstreamSpec> = {}): UpstreamSpec {
  return upstreamSpecOf(STDIO, { name, ...settings });
}

describe('definitionId', () => {
  const id = definitionId(named('a'));

  it('is the same for the same process, whatever its other settings and the order of its members', () => {
    const reversed = Object.fromEntries(Object.entries(named('a')).toReversed());
    // Holds: the same members in another order.
    expect(definitionId(reversed as unknown as UpstreamSpec)).toBe(id);
    expect(definitionId({ ...named('a'), transport: { ...STDIO, env: { B: '2', A: '1' } } })).toBe(id);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each<[string, Partial<UpstreamSpec> & { readonly forwardHeaders?: readonly string[] }]>([
    ['enabled', { enabled: false, disabledReason: 'by hand' }],
    ['connectTimeoutMs', { connectTimeoutMs: 1 }],
    ['listAgeMs', { listAgeMs: 1 }],
    ['callTimeoutMs', { callTimeoutMs: 1 }],
    ['maxCallTimeMs', { maxCallTimeMs: 1 }],
    ['critical', { critical: true }],
    ['routing', { routing: { ...DEFAULT_ROUTING, deadlineMs: 1 } }],
    ['secretValues', { secretValues: ['s'] }],
    ['forwardHeaders', { forwardHeaders: ['x-tenant'] }],
    ['replica', { replica: { of: 'b', weight: 1 } }],
  ])('does not depend on %s', (_name, settings) => {
    expect(definitionId({ ...named('a'), ...settings })).toBe(id);
  });

  it.each<[string, Partial<UpstreamSpec>]>([
    ['name', { name: 'b' }],
    ['protocol', { protocol: 'legacy' }],
    ['instances', { instances: 'shared' }],
    ['transport', { transport: HTTP }],
    ['command', { transport: { ...STDIO, command: 'deno' } }],
    ['args', { transport: { ...STDIO, args: ['b.js'] } }],
    ['env', { transport: { ...STDIO, env: { A: '1' } } }],
    ['cwd', { transport: { ...STDIO, cwd: '/srv' } }],
  ])('depends on %s', (_name, settings) => {
    expect(definitionId({ ...named('a'), ...settings })).not.toBe(id);
  });

  it('tells servers in the same process apart by their functions, and depends on url and headers', () => {
    const channel = (openChannel: OpenChannel): string =>
      definitionId(upstreamSpecOf({ kind: 'channel', open: openChannel }));
    expect(channel(open)).toBe(channel(open));
    expect(channel((listener) => open(listener))).not.toBe(channel(open));
    const http = definitionId(upstreamSpecOf(HTTP));
    expect(definitionId(upstreamSpecOf({ ...HTTP, url: 'http://127.0.0.1:2/mcp' }))).not.toBe(http);
    expect(definitionId(upstreamSpecOf({ ...HTTP, headers: {} }))).not.toBe(http);
  });
});

describe('UpstreamRegistry', () => {
  it('says what is different, each name once', () => {
    const registry = new UpstreamRegistry([named('a'), named('b'), named('c'), named('d')]);
    const changes = registry.replace([
      named('d', { callTimeoutMs: 5 }),
      named('new'),
      { ...named('b'), transport: HTTP },
      named('a'),
    ]);
    expect(changes).toEqual({
      added: ['new'],
      removed: ['c'],
      replaced: ['b'],
      changed: ['d'],
      unchanged: ['a'],
    });
    expect(registry.current.names).toEqual(['d', 'new', 'b', 'a']);
    expect(registry.current.version).toBe(2);
    expect(registry.current.get('d')?.callTimeoutMs).toBe(5);
    expect(registry.current.idOf('c')).toBeUndefined();
  });

  it('finds no change in another order', () => {
    const registry = new UpstreamRegistry([named('a'), named('b')]);
    expect(registry.replace([named('b'), named('a')])).toMatchObject({ unchanged: ['b', 'a'], changed: [] });
  });

  it('sees what has changed in a definition that was written to', () => {
    const definition = named('a');
    const registry = new UpstreamRegistry([definition]);
    Object.assign(definition, { callTimeoutMs: 5 });
    expect(registry.replace([definition])).toMatchObject({ changed: ['a'], unchanged: [] });
  });

  it('tells its listeners in order, when the definitions are in force', () => {
    const registry = new UpstreamRegistry([named('a')]);
    const told: string[] = [];
    for (const who of ['first', 'second'])
      registry.subscribe((definitions, { added }) =>
        told.push(`${who} ${definitions === registry.current} ${added.join()}`),
      );
    registry.replace([named('a'), named('b')]);
    expect(told).toEqual(['first true b', 'second true b']);
  });

  it('names every name that is none or stands twice, and says what one is', () => {
    const specs = ['a b', '', 'c', 'c'].map((name) => named(name));
    expect(() => new UpstreamRegistry(specs)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /^"a b" is no name for a server: it has 1 to 32 .*\n"" is no name .*\nTwo servers are called "c"$/,
        ),
        hint: expect.not.stringContaining('file'),
      }),
    );
  });

  // guard: registry/names, registry/twice
  it.each([[['']], [['a', 'b', 'a']], [['a b']], [['x'.repeat(33)]], [['__proto__', '-a']]])(
    'refuses %j and stays as it was',
    (names) => {
      const registry = new UpstreamRegistry([named('a')]);
      const before = registry.current;
      let isTold = false;
      registry.subscribe(() => (isTold = true));
      const specs = names.map((name) => named(name));
      expect(() => registry.replace(specs)).toThrow(GatewayError);
      expect(registry.current).toBe(before);
      expect(isTold).toBe(false);
      expect(() => new UpstreamRegistry(specs)).toThrow(
        expect.objectContaining({ code: 'OMNI_CONFIG_INVALID' }),
      );
    },
  );

  it('does not change with the list that it was given', () => {
    const specs = [named('a')];
    const registry = new UpstreamRegistry(specs);
    specs.push(named('b'));
    expect(registry.current.names).toEqual(['a']);
  });
});

describe('a server and its replicas', () => {
  it('are a group, which is known by the server, and of which those count that are switched on', () => {
    const replica = { of: 'a', weight: 1 };
    const { current } = new UpstreamRegistry([
      named('a-2', { replica }),
      named('b'),
      named('a', { enabled: false }),
      named('a-3', { replica, enabled: false }),
    ]);
    expect(current.groups.map(({ server }) => server.name)).toEqual(['b', 'a']);
    expect(current.group('a')?.members.map(({ name }) => name)).toEqual(['a-2']);
    expect(current.group('a-2')).toBeUndefined();
    expect(['a-2', 'a', 'b', 'nobody'].map((name) => current.groupOf(name))).toEqual([
      'a',
      'a',
      'b',
      'nobody',
    ]);
  });
});
