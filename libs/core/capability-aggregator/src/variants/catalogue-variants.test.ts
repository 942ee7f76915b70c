import { describe, expect, it } from '@jest/globals';
import { endpointKey, endpointOf } from '@omni/model';
import { VirtualClock } from '@omni/testing';
import { catalogueOf, toolNames, toolsOf, upstreamsOf, viewOf } from '../catalogue.fixture.ts';

const FORMS = 'legacy {"elicitation":{}}';
const ROOTS = 'legacy {"roots":{}}';

/** Two servers, of which `db` has a tool more for clients that fill in forms. */
function setUp() {
  const clock = new VirtualClock();
  const catalogue = catalogueOf({}, { upstreams: upstreamsOf(['fs', 'db']), clock });
  catalogue.set('fs', toolsOf('fs', ['read']));
  catalogue.set('db', toolsOf('db', ['query']));
  const names = (server: string | undefined, variantKey?: string): readonly string[] =>
    toolNames(viewOf(catalogue, server, 'legacy', variantKey));
  return { clock, catalogue, names };
}

describe('Catalogue with lists of some clients', () => {
  it('shows them what is theirs and everybody else what is for all', () => {
    const { catalogue, names } = setUp();
    expect(catalogue.hasVariants).toBe(false);
    catalogue.setFor(FORMS, 'db', toolsOf('db', ['query', 'fill']), false);
    expect(catalogue.hasVariants).toBe(true);
    expect(names(undefined, FORMS)).toEqual(['fs__read', 'db__query', 'db__fill']);
    expect(names('db', FORMS)).toEqual(['query', 'fill']);
    expect(names('fs', FORMS)).toEqual(['read']);
    for (const variantKey of [undefined, ROOTS])
      expect(names(undefined, variantKey)).toEqual(['fs__read', 'db__query']);
  });

  it('finds for them what is theirs, and not for others', () => {
    const { catalogue } = setUp();
    catalogue.setFor(FORMS, 'db', toolsOf('db', ['fill']), false);
    expect(viewOf(catalogue, undefined, 'legacy', FORMS).route('tool', 'db__fill')).toMatchObject({
      upstream: 'db',
      name: 'fill',
    });
    expect(viewOf(catalogue, 'db', 'legacy', FORMS).route('tool', 'fill')).toMatchObject({
      upstream: 'db',
      name: 'fill',
    });
    expect(viewOf(catalogue, undefined, 'legacy', FORMS).route('tool', 'fs__read')).toMatchObject({
      upstream: 'fs',
    });
    expect(viewOf(catalogue, undefined, 'legacy', FORMS).route('tool', 'db__query')).toMatchObject({
      code: 'OMNI_NAME_UNKNOWN',
    });
    for (const variantKey of [undefined, ROOTS])
      expect(viewOf(catalogue, undefined, 'legacy', variantKey).route('tool', 'db__fill')).toMatchObject({
        code: 'OMNI_NAME_UNKNOWN',
      });
  });

  it('keeps nothing where a server lists the same to them', () => {
    const { catalogue } = setUp();
    catalogue.setFor(FORMS, 'db', toolsOf('db', ['query'], { ttlMs: 5 }), true);
    expect(catalogue.hasVariants).toBe(false);
    expect(catalogue.audienceOf(FORMS)).toBeUndefined();
  });

  it('keeps what was read when it cannot be read again, and what is for all when it never could', () => {
    const { catalogue, names } = setUp();
    catalogue.setFor(FORMS, 'db', toolsOf('db', [], { problem: 'timeout' }), false);
    expect(names('db', FORMS)).toEqual(['query']);
    catalogue.setFor(FORMS, 'db', toolsOf('db', ['fill']), false);
    catalogue.setFor(FORMS, 'db', toolsOf('db', [], { problem: 'timeout' }), false);
    expect(names('db', FORMS)).toEqual(['fill']);
  });

  it('goes with the server when that is gone, and is not taken before it is there for all', () => {
    const { catalogue, names } = setUp();
    catalogue.setFor(FORMS, 'db', toolsOf('db', ['fill']), false);
    catalogue.set('db', undefined);
    expect(names(undefined, FORMS)).toEqual(['fs__read']);
    expect(names('db', FORMS)).toEqual([]);
    catalogue.setFor(FORMS, 'db', toolsOf('db', ['fill']), false);
    expect(names(undefined, FORMS)).toEqual(['fs__read']);
  });

  it('follows what is for all where nothing else is known', () => {
    const { catalogue, names } = setUp();
    catalogue.setFor(FORMS, 'db', toolsOf('db', ['fill']), false);
    catalogue.set('fs', toolsOf('fs', ['read', 'write']));
    expect(names(undefined, FORMS)).toEqual(['fs__read', 'fs__write', 'db__fill']);
    catalogue.setFor(FORMS, 'db', undefined, true);
    expect(names(undefined, FORMS)).toEqual(['fs__read', 'fs__write', 'db__query']);
    catalogue.forget(FORMS);
    expect(catalogue.hasVariants).toBe(false);
  });

  it('tells each audience of what it sees, once', async () => {
    const { clock, catalogue } = setUp();
    await clock.advanceAsync(1_000);
    const log: string[] = [];
    catalogue.onChange(({ endpoint, audience, kinds }) =>
      log.push(`${endpointKey(endpoint)} to ${audience ?? 'all'}: ${[...kinds].join(' ')}`),
    );
    catalogue.setFor(ROOTS, 'db', toolsOf('db', ['tree']), false);
    expect(log).toEqual([]);
    expect(catalogue.audienceOf(ROOTS)).toBe(ROOTS);
    catalogue.setFor(FORMS, 'db', toolsOf('db', ['fill']), true);
    catalogue.setFor(FORMS, 'db', toolsOf('db', ['fill']), true);
    expect(log.splice(0)).toEqual([`db to ${FORMS}: tools`, `* to ${FORMS}: tools`]);
    await clock.advanceAsync(1_000);
    catalogue.set('fs', toolsOf('fs', ['read', 'write']));
    expect(log.splice(0).toSorted()).toEqual(
      ['all', ROOTS, FORMS]
        .flatMap((audience) => [`fs to ${audience}: tools`, `* to ${audience}: tools`])
        .toSorted(),
    );
    await clock.advanceAsync(1_000);
    // What they see of it does not change.
    catalogue.set('db', toolsOf('db', ['query', 'more']));
    expect(log).toEqual(['db to all: tools', '* to all: tools']);
  });

  it('says of a list that will not last that it is not to be kept', () => {
    const { catalogue } = setUp();
    const client = { endpoint: endpointOf('db'), era: 'modern' as const };
    expect(catalogue.view(client, FORMS).list('tools')).toContain('"ttlMs":60000,');
    expect(catalogue.view(client, FORMS, true).list('tools')).toContain('"ttlMs":0,');
    expect(catalogue.view(client, FORMS).list('tools')).toContain('"ttlMs":60000,');
  });
});
