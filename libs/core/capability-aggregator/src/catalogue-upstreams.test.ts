import { describe, expect, it } from '@jest/globals';
import { endpointKey, endpointOf } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { emptyList } from './reading/upstream-catalogue.ts';
import { catalogueOf, offer, toolNames, toolsOf, upstreamsOf, viewOf } from './catalogue.fixture.ts';

const FORMS = 'legacy {"elicitation":{}}';

function setUp() {
  const clock = new VirtualClock();
  const catalogue = catalogueOf(
    { a: { tools: ['x'], resources: ['a:1'] }, b: { tools: ['y'], resources: ['b:1'] } },
    { clock },
  );
  clock.advance(1_000);
  const heard: string[] = [];
  catalogue.onChange(({ endpoint, audience, kinds }) =>
    heard.push(
      `${endpointKey(endpoint)}${audience === undefined ? '' : ' variant'}: ${[...kinds].join(' ')}`,
    ),
  );
  return { catalogue, clock, heard };
}

describe('Catalogue.setUpstreams', () => {
  it('changes and says nothing when nothing differs', () => {
    const { catalogue, heard } = setUp();
    const view = viewOf(catalogue);
    expect(catalogue.setUpstreams(upstreamsOf(['a', 'b']))).toBe(false);
    expect(viewOf(catalogue)).toBe(view);
    expect(heard).toEqual([]);
  });

  it('takes another order, and announces it once', () => {
    const { catalogue, heard } = setUp();
    expect(catalogue.setUpstreams(upstreamsOf(['b', 'a']))).toBe(true);
    expect(catalogue.upstreams).toEqual(['b', 'a']);
    expect(toolNames(viewOf(catalogue))).toEqual(['b__y', 'a__x']);
    expect(heard).toEqual(['*: tools resources']);
  });

  it('drops what removed servers offered, all in one announcement to each endpoint', () => {
    const { catalogue, clock, heard } = setUp();
    viewOf(catalogue).rememberUri('made:1', 'a');
    expect(catalogue.setUpstreams(upstreamsOf(['c']))).toBe(true);
    clock.advance(1_000);
    expect(heard).toEqual(['a: tools resources', 'b: tools resources', '*: tools resources']);
    expect(viewOf(catalogue).list('tools')).toBe('{"tools":[]}');
    expect(viewOf(catalogue, 'a').list('tools')).toBe('{"tools":[]}');
    expect(viewOf(catalogue, 'a').route('tool', 'x')).toMatchObject({ code: 'OMNI_SERVER_UNKNOWN' });
    expect(viewOf(catalogue, 'a').routeUri('a:1')).toMatchObject({ code: 'OMNI_SERVER_UNKNOWN' });
    expect(catalogue.serves(endpointOf('a'))).toBe(false);
    expect(catalogue.serves(endpointOf('c'))).toBe(true);
    expect(catalogue.isRead('a')).toBe(false);
    expect(catalogue.describe('a').isRead).toBe(false);
    // A reading that was under way comes too late.
    expect(catalogue.set('a', toolsOf('a', ['x']))).toBe(false);
    expect(catalogue.set('a', undefined)).toBe(false);
    // A namesake has nothing of it.
    catalogue.setUpstreams(upstreamsOf(['c', 'd', 'a']));
    expect(viewOf(catalogue).routeUri('made:1')).toBeInstanceOf(GatewayError);
    expect(catalogue.isRead('a')).toBe(false);
  });

  it('says of added servers that they are not known yet, and announces them when they are read', () => {
    const { catalogue, clock, heard } = setUp();
    expect(catalogue.setUpstreams(upstreamsOf(['c', 'a', 'b']))).toBe(true);
    expect(heard).toEqual([]);
    expect(viewOf(catalogue, undefined, 'modern').list('tools')).toContain('"ttlMs":0,');
    expect(viewOf(catalogue).route('tool', 'z')).toMatchObject({
      hint: expect.stringContaining('"c" offers is not known yet'),
    });
    catalogue.set('c', toolsOf('c', ['z']));
    clock.advance(1_000);
    expect(toolNames(viewOf(catalogue))).toEqual(['c__z', 'a__x', 'b__y']);
    expect(heard).toEqual(['c: tools', '*: tools']);
  });

  it('drops what a server offered that is switched off, and does not wait for it', () => {
    const { catalogue, heard } = setUp();
    expect(catalogue.setUpstreams(upstreamsOf(['a', 'b'], ['a']))).toBe(true);
    expect(toolNames(viewOf(catalogue))).toEqual(['b__y']);
    expect(viewOf(catalogue, undefined, 'modern').list('tools')).toContain('"ttlMs":60000,');
    expect(viewOf(catalogue).routeUri('any:thing')).toEqual(['b']);
    expect(heard).toEqual(['a: tools resources', '*: tools resources']);
    expect(catalogue.setUpstreams(upstreamsOf(['a', 'b']))).toBe(true);
    expect(viewOf(catalogue, undefined, 'modern').list('tools')).toContain('"ttlMs":0,');
  });

  it('keeps what a server offered that is defined anew until it is read, and what cannot be read', () => {
    const { catalogue, heard } = setUp();
    expect(catalogue.setUpstreams(upstreamsOf(['a', 'b', 'c']))).toBe(true);
    expect(toolNames(viewOf(catalogue, 'a'))).toEqual(['x']);
    expect(heard).toEqual([]);
    catalogue.set('a', toolsOf('a', [], { problem: 'timeout' }));
    expect(toolNames(viewOf(catalogue, 'a'))).toEqual(['x']);
    catalogue.set('a', offer('a', { tools: ['new'] }));
    expect(toolNames(viewOf(catalogue, 'a'))).toEqual(['new']);
  });

  it('tells clients of variants too, and forgets what was their own', () => {
    const { catalogue, heard } = setUp();
    catalogue.setFor(FORMS, 'a', toolsOf('a', ['fill']), false);
    catalogue.setFor(FORMS, 'b', toolsOf('b', ['ask']), false);
    catalogue.setUpstreams(upstreamsOf(['b']));
    expect(heard).toEqual([
      'a: tools resources',
      '*: tools resources',
      'a variant: tools',
      '* variant: tools',
    ]);
    expect(toolNames(viewOf(catalogue, undefined, 'legacy', FORMS))).toEqual(['b__ask']);
    catalogue.setUpstreams(upstreamsOf(['b', 'a']));
    expect(toolNames(viewOf(catalogue, undefined, 'legacy', FORMS))).toEqual(['b__ask']);
  });
});

describe('Catalogue.set', () => {
  // guard: registry/own-items
  it('shows nothing of a predecessor beside what its successor could be read of', () => {
    const catalogue = catalogueOf({ a: { tools: ['x'], prompts: ['p'] } });
    const unread = { ...offer('a', { prompts: ['q'] }), tools: emptyList('not ready') };
    catalogue.set('a', unread);
    expect(toolNames(viewOf(catalogue, 'a'))).toEqual(['x']);
    catalogue.set('a', unread, true);
    expect(toolNames(viewOf(catalogue, 'a'))).toEqual([]);
  });
});

describe('Catalogue with a selection of tools', () => {
  const hidden = { name: 'a', isOff: false, tools: { hidden: ['rm*'] } };
  const b = { name: 'b', isOff: false };

  it('hides and refuses what is not selected, under every name and on every endpoint', () => {
    const catalogue = catalogueOf({
      a: { tools: ['ls', 'rm', 'rm_all'], prompts: ['rm'] },
      b: { tools: ['rm'] },
    });
    catalogue.setUpstreams([hidden, b]);
    expect(toolNames(viewOf(catalogue))).toEqual(['a__ls', 'b__rm']);
    expect(toolNames(viewOf(catalogue, 'a'))).toEqual(['ls']);
    for (const name of ['a__rm', 'a:rm', 'a.rm_all', 'a/rm', 'rm_all'])
      expect([name, viewOf(catalogue).route('tool', name)]).toMatchObject([
        name,
        { code: 'OMNI_NAME_UNKNOWN' },
      ]);
    expect(viewOf(catalogue, 'a').route('tool', 'rm')).toMatchObject({ code: 'OMNI_NAME_UNKNOWN' });
    // The same name elsewhere, and of another kind, is none of its business.
    expect(viewOf(catalogue).route('tool', 'rm')).toMatchObject({ upstream: 'b' });
    expect(viewOf(catalogue, 'a').route('prompt', 'rm')).toMatchObject({ upstream: 'a' });
    expect(catalogue.describe('a')).toMatchObject({
      counts: { tools: 1 },
      withheld: [
        { list: 'tools', key: 'rm', reason: 'hidden by allowedTools or disabledTools of its entry' },
        { list: 'tools', key: 'rm_all' },
      ],
    });
  });

  it('announces another selection to those who see it, and nothing for the same one', () => {
    const { catalogue, clock, heard } = setUp();
    const select = (tools?: { readonly hidden: readonly string[] }): boolean => {
      const changed = catalogue.setUpstreams([{ name: 'a', isOff: false, tools }, b]);
      clock.advance(1_000);
      return changed;
    };
    expect(select({ hidden: ['x'] })).toBe(true);
    expect(toolNames(viewOf(catalogue))).toEqual(['b__y']);
    expect(heard.splice(0)).toEqual(['a: tools', '*: tools']);
    expect(select({ hidden: ['x'] })).toBe(false);
    expect(heard).toEqual([]);
    expect(select()).toBe(true);
    expect(toolNames(viewOf(catalogue))).toEqual(['a__x', 'b__y']);
    expect(heard).toEqual(['a: tools', '*: tools']);
  });
});
