import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { readItem, readTool, type ItemReading } from './reading/catalogue-item.ts';
import { Catalogue, type CatalogueOptions } from './catalogue.ts';
import { emptyList, type CatalogueItem, type UpstreamList } from './reading/upstream-catalogue.ts';

/** What a server offers: names and URIs. */
interface Offer {
  readonly tools?: readonly string[];
  /** Of each a tool is shown with it. */
  readonly pages?: readonly string[];
  readonly prompts?: readonly string[];
  readonly resources?: readonly string[];
  readonly templates?: readonly string[];
}

function listOf<Item extends CatalogueItem>(readings: readonly ItemReading<Item>[]): UpstreamList<Item> {
  return { ...emptyList(), items: readings.flatMap((reading) => ('item' in reading ? [reading.item] : [])) };
}

function catalogueOf(
  offers: Readonly<Record<string, Offer>>,
  options: Partial<CatalogueOptions> = {},
): Catalogue {
  const identity = { name: 'omni', version: '1.0.0' };
  const catalogue = new Catalogue({
    order: Object.keys(offers),
    prefix: 'always',
    identity,
    clock: new VirtualClock(),
    ...options,
  });
  for (const [
    upstream,
    { tools = [], pages = [], prompts = [], resources = [], templates = [] },
  ] of Object.entries(offers)) {
    catalogue.set(upstream, {
      upstream,
      era: 'legacy',
      capabilities: '{}',
      instructions: undefined,
      serverInfo: undefined,
      tools: listOf([
        ...tools.map((name) => readTool(JSON.stringify({ name, inputSchema: { type: 'object' } }))),
        ...pages.map((resourceUri, n) =>
          readTool(
            JSON.stringify({
              name: `page-${n}`,
              inputSchema: { type: 'object' },
              _meta: { ui: { resourceUri } },
            }),
          ),
        ),
      ]),
      prompts: listOf(prompts.map((name) => readItem('prompts', JSON.stringify({ name })))),
      resources: listOf(resources.map((uri) => readItem('resources', JSON.stringify({ uri, name: 'n' })))),
      templates: listOf(
        templates.map((uriTemplate) => readItem('templates', JSON.stringify({ uriTemplate, name: 'n' }))),
      ),
      withheld: [],
    });
  }
  return catalogue;
}

function codeOf(result: unknown): string | undefined {
  return result instanceof GatewayError ? result.code : undefined;
}

describe('Catalogue.resolve', () => {
  it.each(['fs__read', 'fs:read', 'fs.read', 'fs/read', 'read'])(
    'finds one tool under %s [S002-TX-01]',
    (name) => {
      const catalogue = catalogueOf({ fs: { tools: ['read'] }, db: { tools: ['query'] } });
      expect(catalogue.resolve('tool', name, undefined)).toEqual({
        upstream: 'fs',
        name: 'read',
        tool: { wrapsOutput: false, headerParams: [] },
      });
    },
  );

  it('prefers the exposed name to every other reading', () => {
    const catalogue = catalogueOf({ a: { tools: ['b__c'] }, a__b: { tools: ['c'] } });
    const [first, second] = catalogue.toolsOf(undefined);
    expect(catalogue.resolve('tool', first?.exposed ?? '', undefined)).toMatchObject({
      upstream: 'a',
      name: 'b__c',
    });
    expect(catalogue.resolve('tool', second?.exposed ?? '', undefined)).toMatchObject({
      upstream: 'a__b',
      name: 'c',
    });
  });

  // guard: name/ambiguous
  it('names the candidates of an ambiguous name', () => {
    const catalogue = catalogueOf({ fs: { tools: ['read'] }, db: { tools: ['read'] } });
    const error = catalogue.resolve('tool', 'read', undefined);
    expect(error).toMatchObject({
      code: 'OMNI_NAME_AMBIGUOUS',
      data: { candidates: ['fs:read', 'db:read'] },
      hint: 'Use one of: fs:read, db:read.',
    });
  });

  it('does not choose between two readings of server and name', () => {
    const catalogue = catalogueOf({ a: { tools: ['b.c'] }, 'a.b': { tools: ['c'] } });
    expect(catalogue.resolve('tool', 'a.b.c', undefined)).toMatchObject({
      code: 'OMNI_NAME_AMBIGUOUS',
      data: { candidates: ['a:b.c', 'a.b:c'] },
    });
  });

  it('takes the explicit server before a namesake, also of a name that is not listed [X003-06]', () => {
    const catalogue = catalogueOf({ fs: { tools: ['read'] }, db: { tools: ['read'] } }, { prefix: 'none' });
    expect(catalogue.resolve('tool', 'read', undefined)).toMatchObject({ upstream: 'fs' });
    expect(catalogue.resolve('tool', 'db:read', undefined)).toMatchObject({ upstream: 'db' });
  });

  // guard: name/own-only
  it('knows own names only on the endpoint of one server', () => {
    const catalogue = catalogueOf({ fs: { tools: ['read'] }, db: { tools: ['query'] } });
    expect(catalogue.resolve('tool', 'read', 'fs')).toMatchObject({ upstream: 'fs', name: 'read' });
    expect(codeOf(catalogue.resolve('tool', 'fs__read', 'fs'))).toBe('OMNI_NAME_UNKNOWN');
    expect(codeOf(catalogue.resolve('tool', 'query', 'fs'))).toBe('OMNI_NAME_UNKNOWN');
    expect(codeOf(catalogue.resolve('tool', 'read', 'nobody'))).toBe('OMNI_SERVER_UNKNOWN');
  });

  it('keeps prompts and tools apart', () => {
    const catalogue = catalogueOf({ fs: { prompts: ['p'] } });
    expect(catalogue.resolve('prompt', 'fs__p', undefined)).toEqual({ upstream: 'fs', name: 'p' });
    expect(codeOf(catalogue.resolve('tool', 'fs__p', undefined))).toBe('OMNI_NAME_UNKNOWN');
  });

  it('says what was probably meant, and which servers are not known yet', () => {
    const catalogue = catalogueOf({ fs: { tools: ['read_file'] } }, { order: ['fs', 'late'] });
    expect(catalogue.resolve('tool', 'fs__read_flie', undefined)).toMatchObject({
      code: 'OMNI_NAME_UNKNOWN',
      message: 'No tool "fs__read_flie" is offered to you',
      hint: 'Did you mean "fs__read_file"? What "late" offers is not known yet.',
    });
    expect(catalogue.isRead('late')).toBe(false);
    expect(catalogue.isRead('fs')).toBe(true);
  });

  // guard: name/safe-text
  it.each(['__proto__', 'constructor', 'toString', '', '\n'.repeat(500), `${':'.repeat(100_000)}x`])(
    'does not find %j',
    (name) => {
      const catalogue = catalogueOf({ fs: { tools: ['read'] } });
      for (const endpoint of [undefined, 'fs']) {
        const error = catalogue.resolve('tool', name, endpoint);
        expect(codeOf(error)).toBe('OMNI_NAME_UNKNOWN');
        expect(error instanceof GatewayError ? error.message : '').toMatch(/^[\x20-\x7e]{1,150}$/);
      }
    },
  );

  it('finds a tool called __proto__', () => {
    expect(
      catalogueOf({ fs: { tools: ['__proto__'] } }).resolve('tool', 'fs____proto__', undefined),
    ).toMatchObject({ name: '__proto__' });
  });
});

describe('Catalogue.resolveUri', () => {
  const catalogue = catalogueOf({
    a: { resources: ['file:///x', 'x:1'], templates: ['db://{table}'] },
    b: { resources: ['x:1', 'ui://b/page'], templates: ['db://{+path}', 'db://{broken'] },
    c: {},
  });

  it.each([
    ['who lists it, in order', 'x:1', ['a', 'b']],
    ['whose templates it fits', 'db://users', ['a', 'b']],
    ['whose template it fits', 'db://users/7', ['b']],
    ['the only one with this scheme', 'ui://unlisted/page', ['b']],
    ['the only one with this scheme, in any case', 'FILE:///etc/passwd', ['a']],
  ])('asks %s', (_, uri, expected) => {
    expect(catalogue.resolveUri(uri, undefined)).toEqual(expected);
  });

  it('asks those who list a template itself, as completions name it', () => {
    const templates = catalogueOf({
      all: { templates: ['db://{+path}'] },
      rows: { resources: ['db://rows'], templates: ['db://rows{?limit,after}', 'db://{broken'] },
      too: { templates: ['db://rows{?limit,after}'] },
    });
    expect(
      ['db://rows{?limit,after}', 'db://{broken', 'db://{+path}'].map((uri) =>
        templates.resolveUri(uri, undefined),
      ),
    ).toEqual([['rows', 'too'], ['rows'], ['all']]);
  });

  it.each(['http://169.254.169.254/', 'x:2', 'no scheme', '__proto__', ''])('asks nobody for %j', (uri) => {
    expect(codeOf(catalogue.resolveUri(uri, undefined))).toBe('OMNI_NAME_UNKNOWN');
  });

  // guard: uri/length
  it('refuses a URI beyond 8,192 characters on every endpoint', () => {
    for (const endpoint of [undefined, 'a'])
      expect(codeOf(catalogue.resolveUri(`x:${'1'.repeat(8_192)}`, endpoint))).toBe('OMNI_PARAMS_INVALID');
  });

  it('asks the server of the endpoint whatever it lists', () => {
    expect(catalogue.resolveUri('any:thing', 'c')).toEqual(['c']);
    expect(codeOf(catalogue.resolveUri('any:thing', 'nobody'))).toBe('OMNI_SERVER_UNKNOWN');
  });

  it('asks the only server there is', () => {
    expect(catalogueOf({ only: {} }).resolveUri('any:thing', undefined)).toEqual(['only']);
  });

  it('asks the servers whose tools are shown with a page, unless somebody lists it', () => {
    const shops = catalogueOf({
      a: { pages: ['ui://shop/a', 'ui://shop/both', 'ui://shop/listed'] },
      b: {
        pages: ['ui://shop/both', 'ui://shop/both'],
        resources: ['ui://shop/listed'],
        templates: ['ui://shop/{page}'],
      },
    });
    expect(
      ['a', 'both', 'listed', 'other'].map((page) => shops.resolveUri(`ui://shop/${page}`, undefined)),
    ).toEqual([['a'], ['a', 'b'], ['b'], ['b']]);
    expect(codeOf(shops.resolveUri('ui://elsewhere/x', undefined))).toBe('OMNI_NAME_UNKNOWN');
  });

  // guard: uri/remembered
  it('remembers who mentioned a URI, the last 10,000', () => {
    const remembering = catalogueOf({ a: {}, b: {} });
    remembering.rememberUri('made:0', 'b');
    remembering.rememberUri('made:1', 'nobody');
    expect(remembering.resolveUri('made:0', undefined)).toEqual(['b']);
    expect(codeOf(remembering.resolveUri('made:1', undefined))).toBe('OMNI_NAME_UNKNOWN');
    for (let n = 2; n < 10_001; n += 1) remembering.rememberUri(`made:${n}`, 'a');
    expect(remembering.resolveUri('made:0', undefined)).toEqual(['b']);
    remembering.rememberUri('made:10001', 'a');
    expect(codeOf(remembering.resolveUri('made:2', undefined))).toBe('OMNI_NAME_UNKNOWN');
    expect(remembering.resolveUri('made:0', undefined)).toEqual(['b']);
  });

  it('forgets listed URIs with their server', () => {
    const leaving = catalogueOf({ a: { resources: ['x:1'] }, b: {} });
    leaving.set('a', undefined);
    expect(codeOf(leaving.resolveUri('x:1', undefined))).toBe('OMNI_NAME_UNKNOWN');
  });
});
