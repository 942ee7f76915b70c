import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { catalogueOf, type Offer, offer, toolNames, upstreamsOf, viewOf } from '../catalogue.fixture.ts';
import type { OfferedItem } from './view-filter.ts';

function hiding(offers: Readonly<Record<string, Offer>>, ...hidden: readonly string[]) {
  const isVisible = ({ upstream, kind, key }: OfferedItem): boolean =>
    !hidden.includes(`${upstream} ${kind} ${key}`);
  return catalogueOf(offers, { isVisible });
}

function codeOf(result: unknown): string | undefined {
  return result instanceof GatewayError ? result.code : undefined;
}

describe('a view with hidden items', () => {
  it('lets a namesake have the bare name, and hints at nothing hidden', () => {
    const catalogue = hiding({ fs: { tools: ['read'] }, db: { tools: ['read'] } }, 'fs tools read');
    const view = viewOf(catalogue);
    expect(toolNames(view)).toEqual(['db__read']);
    expect(view.route('tool', 'read')).toMatchObject({ upstream: 'db' });
    expect(view.route('tool', 'fs__reed')).not.toMatchObject({ hint: expect.stringContaining('fs__read') });
    for (const name of ['fs__read', 'fs:read', 'fs.read', 'fs/read'])
      expect(codeOf(view.route('tool', name))).toBe('OMNI_NAME_UNKNOWN');
    expect(codeOf(viewOf(catalogue, 'fs').route('tool', 'read'))).toBe('OMNI_NAME_UNKNOWN');
  });

  it('reaches no hidden resource by a template, a mention or the only server', () => {
    const what = { templates: ['db://{table}'], pages: ['db://page'] };
    const catalogue = hiding({ a: what }, 'a resources db://secret', 'a resources db://page');
    const views = [viewOf(catalogue), viewOf(catalogue, 'a')];
    for (const view of views) {
      view.rememberUri('db://secret', 'a');
      expect(codeOf(view.routeUri('db://secret'))).toBe('OMNI_NAME_UNKNOWN');
      expect(codeOf(view.routeUri('db://page'))).toBe('OMNI_NAME_UNKNOWN');
      expect(view.allowsWatch('db://secret')).toBe(false);
      expect(view.routeUri('db://open')).toEqual(['a']);
    }
  });

  it('takes what only hidden items lead to for hidden, and what a visible item leads to for visible', () => {
    const what = { templates: ['db://{table}', 'x:{n}'], resources: ['db://users'], pages: ['x:1'] };
    const view = viewOf(hiding({ a: what }, 'a templates db://{table}', 'a templates x:{n}'), 'a');
    expect(view.routeUri('db://users')).toEqual(['a']);
    expect(view.routeUri('x:1')).toEqual(['a']);
    expect(view.routeUri('other:1')).toEqual(['a']);
    for (const uri of ['db://rows', 'db://{table}', 'x:2'])
      expect(codeOf(view.routeUri(uri))).toBe('OMNI_NAME_UNKNOWN');
  });

  it('hides a page that only a hidden tool is shown with', () => {
    const view = viewOf(hiding({ a: { pages: ['ui://p'] } }, 'a tools page-0'), 'a');
    expect(codeOf(view.routeUri('ui://p'))).toBe('OMNI_NAME_UNKNOWN');
  });

  // guard: view/undecided
  it('hides what cannot be told from hidden resources in time', () => {
    const templates = [`${'{+a}'.repeat(20)}!`];
    const view = viewOf(hiding({ a: { templates } }, `a templates ${templates[0]}`), 'a');
    expect(codeOf(view.routeUri('x:'.padEnd(8_000, '1')))).toBe('OMNI_NAME_UNKNOWN');
    expect(view.routeUri('x:1')).toEqual(['a']);
  });

  // guard: view/unreached
  it('tells nobody what a server can do of which it shows nothing', () => {
    const capabilities =
      '{"tools":{},"extensions":{"io.modelcontextprotocol/ui":{}},"experimental":{"x":{}},"logging":{}}';
    const a = { tools: ['read', 'write'], more: { capabilities, instructions: 'Ask me.' } };
    const shown = hiding({ a }, 'a tools read');
    const hidden = hiding({ a }, 'a tools read', 'a tools write');
    for (const server of [undefined, 'a']) {
      const [some, none] = [viewOf(shown, server), viewOf(hidden, server)];
      expect(some.capabilities).toContain('"extensions":{"io.modelcontextprotocol/ui":{}}');
      expect(some.instructions).toContain('Ask me.');
      for (const word of ['extensions', 'experimental', 'logging'])
        expect(none.capabilities).not.toContain(word);
      expect(none.capabilities).toContain('"tools":{"listChanged":true}');
      expect(none.instructions ?? '').not.toContain('Ask me.');
    }
  });

  it('has no hidden method, and no method where there are several servers', () => {
    const catalogue = hiding({ a: {}, b: {} }, 'a methods vendor/x');
    expect(codeOf(viewOf(catalogue, 'a').routeMethod('vendor/x'))).toBe('OMNI_METHOD_UNKNOWN');
    expect(viewOf(catalogue, 'a').routeMethod('vendor/y')).toEqual(['a']);
    expect(viewOf(catalogue, 'b').routeMethod('vendor/x')).toEqual(['b']);
    expect(codeOf(viewOf(catalogue).routeMethod('vendor/y'))).toBe('OMNI_METHOD_UNKNOWN');
    expect(codeOf(viewOf(catalogue, 'nobody').routeMethod('vendor/y'))).toBe('OMNI_SERVER_UNKNOWN');
  });

  // guard: view/hidden-task-lists
  it('asks each server for its tasks that lists them, is on and is shown', () => {
    const lists = (more: string): Offer => ({ more: { capabilities: `{"tasks":{${more}}}` } });
    const tools = '"requests":{"tools":{"call":{}}}';
    const offers = {
      a: lists(`"list":{},${tools}`),
      b: lists(tools),
      c: lists(`"list":{},${tools}`),
      d: lists('"list":{}'),
    };
    expect(viewOf(catalogueOf(offers)).routeMethod('tasks/list')).toEqual(['a', 'c']);
    expect(viewOf(hiding(offers, 'c methods tasks/list')).routeMethod('tasks/list')).toEqual(['a']);
    const off = catalogueOf(offers, { upstreams: upstreamsOf(['a', 'b', 'c', 'd'], ['a']) });
    expect(viewOf(off).routeMethod('tasks/list')).toEqual(['c']);
    expect(codeOf(viewOf(catalogueOf(offers), undefined, 'modern').routeMethod('tasks/list'))).toBe(
      'OMNI_METHOD_UNKNOWN',
    );
    expect(codeOf(viewOf(catalogueOf({ b: offers.b })).routeMethod('tasks/list'))).toBe(
      'OMNI_METHOD_UNKNOWN',
    );
  });

  it('is announced also when what changes comes to light only where something else is hidden', () => {
    const clock = new VirtualClock();
    const isVisible = ({ upstream }: OfferedItem): boolean => upstream !== 'a';
    const catalogue = catalogueOf(
      { a: { tools: ['x'] }, b: { tools: ['x'] } },
      { prefix: 'none', clock, isVisible },
    );
    clock.advance(1_000);
    const heard: string[] = [];
    catalogue.onChange(({ endpoint, kinds }) => heard.push(`${endpoint.kind}: ${[...kinds].join(' ')}`));
    const tool = '{"name":"x","description":"new","inputSchema":{"type":"object"}}';
    catalogue.set('b', offer('b', { tools: [tool] }));
    expect(viewOf(catalogue).list('tools')).toContain('new');
    expect(heard).toEqual(['server: tools', 'all: tools']);
  });
});
