import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nameTable, type OwnedName, type PrefixPolicy } from './exposed-name.ts';

const LEGAL = /^[A-Za-z0-9_-]{1,64}$/;
const serverName = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/);
/** Servers whose names cannot be taken for one another's once they are sanitised. */
const clearServerName = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/);
const toolName = fc.oneof(fc.string({ minLength: 1, maxLength: 256 }), fc.stringMatching(/^[_.ab]{1,4}$/));
const offersOf = (server: fc.Arbitrary<string>): fc.Arbitrary<[string, string[]][]> =>
  fc.uniqueArray(fc.tuple(server, fc.uniqueArray(toolName, { maxLength: 6 })), {
    selector: ([name]) => name,
    maxLength: 5,
  });

function tableOf(
  prefix: PrefixPolicy,
  offers: readonly (readonly [string, readonly string[]])[],
): Map<string, string> {
  const names = offers.flatMap(([upstream, tools]) => tools.map((name): OwnedName => ({ upstream, name })));
  const { exposed } = nameTable({ prefix, upstreams: offers.map(([upstream]) => upstream), names });
  return new Map(exposed.map((entry) => [`${entry.upstream}:${entry.name}`, entry.exposed]));
}

describe('nameTable', () => {
  it('puts the server before every name [X003-06]', () => {
    expect([
      ...tableOf('always', [
        ['fs', ['read']],
        ['db', ['read', 'my.query']],
      ]),
    ]).toEqual([
      ['fs:read', 'fs__read'],
      ['db:read', 'db__read'],
      ['db:my.query', 'db__my_query'],
    ]);
  });

  it('prefixes all owners of a shared name and nobody else on conflict [X003-06]', () => {
    expect([
      ...tableOf('on-conflict', [
        ['fs', ['read', 'a.b/c']],
        ['db', ['read']],
      ]).values(),
    ]).toEqual(['fs__read', 'a.b/c', 'db__read']);
  });

  // guard: name/poses
  it('does not let a server pose as another by an unprefixed name', () => {
    const table = tableOf('on-conflict', [
      ['fs', []],
      ['evil', ['fs__read', 'my__own']],
    ]);
    expect([...table.values()]).toEqual(['evil__fs__read', 'my__own']);
  });

  it('gives a name to the first server in order, and says why the others go without [X003-06]', () => {
    const { exposed, withheld } = nameTable({
      prefix: 'none',
      upstreams: ['fs', 'db'],
      names: [
        { upstream: 'fs', name: 'read' },
        { upstream: 'db', name: 'read' },
      ],
    });
    expect(exposed).toEqual([{ upstream: 'fs', name: 'read', exposed: 'read' }]);
    expect(withheld).toEqual([
      { upstream: 'db', name: 'read', reason: '"fs" offers the same name and comes first' },
    ]);
  });

  it('cuts a long name to 64 characters that end in a hash which never changes [PROTO-R17]', () => {
    const [exposed] = tableOf('always', [['fs', ['x'.repeat(256)]]]).values();
    expect(exposed).toBe(`fs__${'x'.repeat(51)}_rdudvdyk`);
  });

  it('leaves the name to the tool that is spelled so, whatever comes first', () => {
    const expected = [
      ['fs:a_b', 'fs__a_b'],
      ['fs:a.b', expect.stringMatching(/^fs__a_b_[0-9a-z]{8}$/)],
    ];
    expect([...tableOf('always', [['fs', ['a_b', 'a.b']]])]).toEqual(expected);
    expect([...tableOf('always', [['fs', ['a.b', 'a_b']]])].toReversed()).toEqual(expected);
  });

  it('tells apart servers whose underscores run into the names of tools', () => {
    const table = tableOf('always', [
      ['a_', ['b']],
      ['a', ['_b']],
    ]);
    expect(table.get('a:_b')).toBe('a___b');
    expect(table.get('a_:b')).toMatch(/^a___b_[0-9a-z]{8}$/);
  });

  it('always exposes every name once, in at most 64 legal characters [PROTO-R17]', () => {
    fc.assert(
      fc.property(offersOf(serverName), (offers) => {
        const exposed = [...tableOf('always', offers).values()];
        expect(exposed).toHaveLength(offers.flatMap(([, tools]) => tools).length);
        expect(new Set(exposed).size).toBe(exposed.length);
        for (const name of exposed) expect(name).toMatch(LEGAL);
      }),
    );
  });

  it('exposes no name twice under any policy', () => {
    fc.assert(
      fc.property(
        offersOf(serverName),
        fc.constantFrom<PrefixPolicy>('always', 'on-conflict', 'none'),
        (offers, prefix) => {
          const exposed = [...tableOf(prefix, offers).values()];
          expect(new Set(exposed).size).toBe(exposed.length);
        },
      ),
    );
  });

  it('keeps every name when a server is added', () => {
    fc.assert(
      fc.property(offersOf(clearServerName), fc.nat(), (offers, pick) => {
        const fewer = offers.filter((_, index) => index !== pick % Math.max(1, offers.length));
        const after = tableOf('always', offers);
        for (const [canonical, exposed] of tableOf('always', fewer))
          expect(after.get(canonical)).toBe(exposed);
      }),
    );
  });

  it('depends on the set of names, not on their order', () => {
    fc.assert(
      fc.property(offersOf(serverName), (offers) => {
        const reversed = offers.toReversed().map(([server, tools]) => [server, tools.toReversed()] as const);
        expect(Object.fromEntries(tableOf('always', reversed))).toEqual(
          Object.fromEntries(tableOf('always', offers)),
        );
      }),
    );
  });
});
