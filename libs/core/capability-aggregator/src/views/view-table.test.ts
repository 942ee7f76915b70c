import { describe, expect, it } from '@jest/globals';
import { ALL_SERVERS, endpointOf } from '@omni/model';
import { catalogueOf, toolsOf } from '../catalogue.fixture.ts';
import { RecentUris } from '../names/recent-uris.ts';
import { CatalogueSnapshot } from '../snapshot/catalogue-snapshot.ts';
import { CompiledView } from './compiled-view.ts';
import type { ViewSpec } from './view-filter.ts';
import { ListTexts } from './list-texts.ts';
import { ViewTable } from './view-table.ts';

const snapshot = new CatalogueSnapshot({
  upstreams: [],
  prefix: 'always',
  catalogues: new Map(),
  maxAnswerBytes: 1_000,
});

function specOf(server: string | undefined, variantKey?: string): ViewSpec {
  return { endpoint: endpointOf(server), era: 'legacy', variantKey };
}

/** Adds a view to the table. */
function added(table: ViewTable, spec: ViewSpec): CompiledView {
  const identity = { name: 'omni', version: '1' };
  const view = new CompiledView({
    ...spec,
    snapshot,
    recentUris: new RecentUris(1),
    texts: new ListTexts(1_000),
    identity,
  });
  table.add(spec, view);
  return view;
}

describe('ViewTable', () => {
  it('tells endpoints, eras and variants apart', () => {
    const table = new ViewTable(9);
    const all = added(table, specOf(undefined));
    const variant = added(table, specOf(undefined, 'v'));
    const own = added(table, specOf('a'));
    expect(table.find(ALL_SERVERS, 'legacy', undefined)).toBe(all);
    expect(table.find({ kind: 'all' }, 'legacy', 'v')).toBe(variant);
    expect(table.find(endpointOf('a'), 'legacy', undefined)).toBe(own);
    expect(table.find(endpointOf('a'), 'legacy', 'v')).toBeUndefined();
    expect(table.find(ALL_SERVERS, 'modern', undefined)).toBeUndefined();
    expect(table.find(endpointOf('b'), 'legacy', undefined)).toBeUndefined();
  });

  // guard: view/bounded
  it('keeps so many, and drops the one that was asked for least lately', () => {
    const table = new ViewTable(2);
    added(table, specOf('a'));
    added(table, specOf('b'));
    table.find(endpointOf('a'), 'legacy', undefined);
    added(table, specOf('c'));
    expect(table.size).toBe(2);
    expect(table.find(endpointOf('b'), 'legacy', undefined)).toBeUndefined();
    expect(table.find(endpointOf('a'), 'legacy', undefined)).toBeDefined();
    for (let n = 0; n < 50; n++) added(table, specOf('d', `v${n}`));
    expect(table.size).toBe(2);
  });

  it('is empty when it is cleared', () => {
    const table = new ViewTable(2);
    added(table, specOf('a'));
    table.clear();
    expect(table.size).toBe(0);
    expect(table.find(endpointOf('a'), 'legacy', undefined)).toBeUndefined();
  });
});

describe('Catalogue.view', () => {
  const client = { endpoint: ALL_SERVERS, era: 'modern' } as const;

  it('is the same until something changes that its clients can see', () => {
    const catalogue = catalogueOf({ a: { tools: ['x'] } });
    const view = catalogue.view(client);
    expect(catalogue.view({ ...client, endpoint: { kind: 'all' } })).toBe(view);
    catalogue.setFor('v', 'a', toolsOf('a', ['y']), false);
    const after = catalogue.view(client);
    expect(after).not.toBe(view);
    expect(catalogue.view(client, 'v')).not.toBe(after);
    // Clients of another variant see what all see.
    expect(catalogue.view(client, 'w')).toBe(after);
    catalogue.forget('v');
    expect(catalogue.view(client, 'v')).toBe(catalogue.view(client));
  });

  it('compiles a target once', () => {
    const view = catalogueOf({ a: { tools: ['x'] } }).view(client);
    expect(view.route('tool', 'a__x')).toBe(view.route('tool', 'a:x'));
  });
});
