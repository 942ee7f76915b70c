import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { catalogueOf, toolNames, upstreamsOf, viewOf } from '../catalogue.fixture.ts';

function codeOf(result: unknown): string | undefined {
  return result instanceof GatewayError ? result.code : undefined;
}

describe('CompiledView.route', () => {
  it.each(['fs__read', 'fs:read', 'fs.read', 'fs/read', 'read'])(
    'finds one tool under %s [S002-TX-01]',
    (name) => {
      const catalogue = catalogueOf({ fs: { tools: ['read'] }, db: { tools: ['query'] } });
      expect(viewOf(catalogue).route('tool', name)).toMatchObject({
        upstream: 'fs',
        name: 'read',
        wrapsOutput: false,
      });
    },
  );

  it('prefers the exposed name to every other reading', () => {
    const catalogue = catalogueOf({ a: { tools: ['b__c'] }, a__b: { tools: ['c'] } });
    const [first = '', second = ''] = toolNames(viewOf(catalogue));
    expect(viewOf(catalogue).route('tool', first)).toMatchObject({
      upstream: 'a',
      name: 'b__c',
    });
    expect(viewOf(catalogue).route('tool', second)).toMatchObject({
      upstream: 'a__b',
      name: 'c',
    });
  });

  // guard: name/ambiguous
  it('names the candidates of an ambiguous name', () => {
    const catalogue = catalogueOf({ fs: { tools: ['read'] }, db: { tools: ['read'] } });
    const error = viewOf(catalogue).route('tool', 'read');
    expect(error).toMatchObject({
      code: 'OMNI_NAME_AMBIGUOUS',
      data: { candidates: ['fs:read', 'db:read'] },
      hint: 'Use one of: fs:read, db:read.',
    });
  });

  it('does not choose between two readings of server and name', () => {
    const catalogue = catalogueOf({ a: { tools: ['b.c'] }, 'a.b': { tools: ['c'] } });
    expect(viewOf(catalogue).route('tool', 'a.b.c')).toMatchObject({
      code: 'OMNI_NAME_AMBIGUOUS',
      data: { candidates: ['a:b.c', 'a.b:c'] },
    });
  });

  it('takes the explicit server before a namesake, also of a name that is not listed [X003-06]', () => {
    const catalogue = catalogueOf({ fs: { tools: ['read'] }, db: { tools: ['read'] } }, { prefix: 'none' });
    expect(viewOf(catalogue).route('tool', 'read')).toMatchObject({ upstream: 'fs' });
    expect(viewOf(catalogue).route('tool', 'db:read')).toMatchObject({ upstream: 'db' });
  });

  // guard: name/own-only
  it('knows own names only on the endpoint of one server', () => {
    const catalogue = catalogueOf({ fs: { tools: ['read'] }, db: { tools: ['query'] } });
    expect(viewOf(catalogue, 'fs').route('tool', 'read')).toMatchObject({ upstream: 'fs', name: 'read' });
    expect(codeOf(viewOf(catalogue, 'fs').route('tool', 'fs__read'))).toBe('OMNI_NAME_UNKNOWN');
    expect(codeOf(viewOf(catalogue, 'fs').route('tool', 'query'))).toBe('OMNI_NAME_UNKNOWN');
    expect(codeOf(viewOf(catalogue, 'nobody').route('tool', 'read'))).toBe('OMNI_SERVER_UNKNOWN');
  });

  it('keeps prompts and tools apart', () => {
    const catalogue = catalogueOf({ fs: { prompts: ['p'] } });
    expect(viewOf(catalogue).route('prompt', 'fs__p')).toMatchObject({ upstream: 'fs', name: 'p' });
    expect(codeOf(viewOf(catalogue).route('tool', 'fs__p'))).toBe('OMNI_NAME_UNKNOWN');
  });

  it('says what was probably meant, and which servers are not known yet', () => {
    const catalogue = catalogueOf(
      { fs: { tools: ['read_file'] } },
      { upstreams: upstreamsOf(['fs', 'late']) },
    );
    expect(viewOf(catalogue).route('tool', 'fs__read_flie')).toMatchObject({
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
        const error = viewOf(catalogue, endpoint).route('tool', name);
        expect(codeOf(error)).toBe('OMNI_NAME_UNKNOWN');
        expect(error instanceof GatewayError ? error.message : '').toMatch(/^[\x20-\x7e]{1,150}$/);
      }
    },
  );

  it('finds a tool called __proto__', () => {
    expect(
      viewOf(catalogueOf({ fs: { tools: ['__proto__'] } })).route('tool', 'fs____proto__'),
    ).toMatchObject({ name: '__proto__' });
  });
});

describe('CompiledView.unreadOwners', () => {
  const upstreams = upstreamsOf(['fs', 'late', 'late.one', 'off'], ['off']);

  it.each([
    ['the server whose name it begins with', 'late__read', ['late']],
    ['a server that is switched off', 'off:read', ['off']],
    ['every server that it can be read as, the longest first', 'late.one.read', ['late.one', 'late']],
    ['a server by the name that lists show', 'late_one__read', ['late.one']],
    ['no server that has been read', 'fs__nothing', []],
    ['no server that it does not begin with', 'relate__read', []],
    ['no server by a bare name', 'read', []],
  ])('finds %s', (_, name, found) => {
    const view = viewOf(catalogueOf({ fs: { tools: ['read'] } }, { upstreams }));
    expect(view.unreadOwners?.('tool', name)).toEqual(found);
  });

  it('finds the server of the endpoint, and no other', () => {
    const catalogue = catalogueOf({ fs: { tools: ['read'] } }, { upstreams });
    expect(viewOf(catalogue, 'off').unreadOwners?.('prompt', 'late__ask')).toEqual(['off']);
    expect(viewOf(catalogue, 'fs').unreadOwners?.('prompt', 'ask')).toEqual([]);
    expect(viewOf(catalogue, 'nobody').unreadOwners?.('prompt', 'ask')).toEqual([]);
  });

  // guard: view/hidden-owners
  it('tells nothing of a server that is hidden, by owner or by hint', () => {
    const catalogue = catalogueOf(
      { fs: { tools: ['read'] } },
      { upstreams, isVisible: ({ upstream }) => upstream === 'fs' },
    );
    const view = viewOf(catalogue);
    expect(view.unreadOwners?.('tool', 'late__read')).toEqual([]);
    expect(viewOf(catalogue, 'late').unreadOwners?.('tool', 'read')).toEqual([]);
    expect(view.route('tool', 'late__read')).not.toMatchObject({ hint: expect.stringContaining('late"') });
  });
});

describe('CompiledView.routeUri', () => {
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
    expect(viewOf(catalogue).routeUri(uri)).toEqual(expected);
  });

  it('asks those who list a template itself, as completions name it', () => {
    const templates = catalogueOf({
      all: { templates: ['db://{+path}'] },
      rows: { resources: ['db://rows'], templates: ['db://rows{?limit,after}', 'db://{broken'] },
      too: { templates: ['db://rows{?limit,after}'] },
    });
    expect(
      ['db://rows{?limit,after}', 'db://{broken', 'db://{+path}'].map((uri) =>
        viewOf(templates).routeUri(uri),
      ),
    ).toEqual([['rows', 'too'], ['rows'], ['all']]);
  });

  it.each(['http://169.254.169.254/', 'x:2', 'no scheme', '__proto__', ''])('asks nobody for %j', (uri) => {
    expect(codeOf(viewOf(catalogue).routeUri(uri))).toBe('OMNI_NAME_UNKNOWN');
  });

  // guard: uri/length
  it('refuses a URI beyond 8,192 characters on every endpoint', () => {
    for (const endpoint of [undefined, 'a'])
      expect(codeOf(viewOf(catalogue, endpoint).routeUri(`x:${'1'.repeat(8_192)}`))).toBe(
        'OMNI_PARAMS_INVALID',
      );
  });

  it('knows what a list or a template leads to, and what is only asked for', () => {
    const offered = (server: string, uri: string): boolean =>
      viewOf(catalogue, server).offersUri?.(uri) === true;
    expect([offered('a', 'x:1'), offered('a', 'db://users'), offered('a', 'db://{table}')]).toEqual([
      true,
      true,
      true,
    ]);
    expect([offered('c', 'x:1'), offered('a', 'ui://b/page'), offered('nobody', 'x:1')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('asks the server of the endpoint whatever it lists', () => {
    expect(viewOf(catalogue, 'c').routeUri('any:thing')).toEqual(['c']);
    expect(codeOf(viewOf(catalogue, 'nobody').routeUri('any:thing'))).toBe('OMNI_SERVER_UNKNOWN');
  });

  it('asks the only server there is', () => {
    expect(viewOf(catalogueOf({ only: {} })).routeUri('any:thing')).toEqual(['only']);
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
      ['a', 'both', 'listed', 'other'].map((page) => viewOf(shops).routeUri(`ui://shop/${page}`)),
    ).toEqual([['a'], ['a', 'b'], ['b'], ['b']]);
    expect(codeOf(viewOf(shops).routeUri('ui://elsewhere/x'))).toBe('OMNI_NAME_UNKNOWN');
  });

  // guard: uri/remembered
  it('remembers who mentioned a URI, the last 10,000', () => {
    const remembering = catalogueOf({ a: {}, b: {} });
    viewOf(remembering).rememberUri('made:0', 'b');
    viewOf(remembering).rememberUri('made:1', 'nobody');
    expect(viewOf(remembering).routeUri('made:0')).toEqual(['b']);
    expect(codeOf(viewOf(remembering).routeUri('made:1'))).toBe('OMNI_NAME_UNKNOWN');
    for (let n = 2; n < 10_001; n += 1) viewOf(remembering).rememberUri(`made:${n}`, 'a');
    expect(viewOf(remembering).routeUri('made:0')).toEqual(['b']);
    viewOf(remembering).rememberUri('made:10001', 'a');
    expect(codeOf(viewOf(remembering).routeUri('made:2'))).toBe('OMNI_NAME_UNKNOWN');
    expect(viewOf(remembering).routeUri('made:0')).toEqual(['b']);
  });

  it('forgets listed URIs with their server', () => {
    const leaving = catalogueOf({ a: { resources: ['x:1'] }, b: {} });
    leaving.set('a', undefined);
    expect(codeOf(viewOf(leaving).routeUri('x:1'))).toBe('OMNI_NAME_UNKNOWN');
  });
});
