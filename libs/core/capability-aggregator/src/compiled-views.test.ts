import { describe, expect, it, jest } from '@jest/globals';
import { ALL_SERVERS, type ClientContext, type ViewChange } from '@omni/model';
import { catalogueOf, toolNames, toolsOf } from './catalogue.fixture.ts';
import { CompiledViews } from './compiled-views.ts';

const FORMS = '{"elicitation":{}}';

function clientOf(capabilities: string): ClientContext {
  return {
    principal: { id: 'ada', kind: 'token' },
    era: 'modern',
    endpoint: ALL_SERVERS,
    session: undefined,
    capabilities,
    clientInfo: '{}',
  };
}

function setUp() {
  const catalogue = catalogueOf({ a: { tools: ['x'] } });
  const variantKeyOf = jest.fn(({ capabilities }: { readonly capabilities: string }) =>
    capabilities === '{}' ? undefined : capabilities,
  );
  const log: string[] = [];
  const reader = {
    mayBeProvisional: false,
    isProvisional: jest.fn(({ capabilities }: { readonly capabilities: string }) => capabilities === FORMS),
    whenKnown: (_client: unknown, _sources: unknown, purpose: string, listener: () => void): (() => void) => {
      log.push(purpose);
      listener();
      return () => void log.push(`no ${purpose}`);
    },
  };
  const settled: (() => void)[] = [];
  const views = new CompiledViews({
    catalogue,
    reader,
    refresher: {
      whenSettled(listener) {
        settled.push(listener);
        return () => void log.push('no start');
      },
      whenFresh(_upstream, listener) {
        listener();
        return () => void log.push('no list');
      },
    },
    variantKeyOf,
    sources: { isUp: () => true, open() {}, find: () => undefined },
  });
  return { catalogue, views, variantKeyOf, reader, settled, log };
}

describe('CompiledViews', () => {
  it('does not find out what clients can be told apart by while all see the same', () => {
    const { catalogue, views, variantKeyOf, reader } = setUp();
    expect(views.of(clientOf(FORMS))).toBe(views.of(clientOf('{}')));
    expect(variantKeyOf).not.toHaveBeenCalled();
    expect(reader.isProvisional).not.toHaveBeenCalled();
    catalogue.setFor(FORMS, 'a', toolsOf('a', ['x', 'fill']), false);
    expect(toolNames(views.of(clientOf(FORMS)))).toEqual(['a__x', 'a__fill']);
    expect(toolNames(views.of(clientOf('{}')))).toEqual(['a__x']);
    expect(toolNames(views.of(clientOf('{"roots":{}}')))).toEqual(['a__x']);
  });

  it('tells clients of which it is not known yet what they are shown not to keep it', () => {
    const { views, reader } = setUp();
    reader.mayBeProvisional = true;
    expect(views.of(clientOf(FORMS)).list('tools')).toContain('"ttlMs":0,');
    expect(views.of(clientOf('{}')).list('tools')).toContain('"ttlMs":60000,');
    expect(views.of(clientOf(FORMS)).route('tool', 'x')).toBe(views.of(clientOf('{}')).route('tool', 'x'));
  });

  it('says whom a change is for', () => {
    const { catalogue, views } = setUp();
    const changes: ViewChange[] = [];
    const stop = views.onChange((change) => changes.push(change));
    catalogue.setFor(FORMS, 'a', toolsOf('a', ['fill']), true);
    const change = changes.find(({ endpoint }) => endpoint.kind === 'all');
    expect([...(change?.kinds ?? [])]).toEqual(['tools']);
    expect(change?.isFor(clientOf(FORMS))).toBe(true);
    expect(change?.isFor(clientOf('{}'))).toBe(false);
    stop();
    catalogue.setFor('{"roots":{}}', 'a', toolsOf('a', ['tree']), true);
    expect(changes).toHaveLength(2);
  });

  it('waits for the start, then for what the client itself is shown', () => {
    const { views, settled, log } = setUp();
    const done = jest.fn();
    views.whenKnown(clientOf('{}'), 'list', done);
    views.whenKnown(clientOf('{}'), 'call', done);
    expect(log).toEqual([]);
    for (const listener of settled) listener();
    expect(log).toEqual(['list', 'call']);
    expect(done).toHaveBeenCalledTimes(2);
  });

  it('waits for nothing any more when it is told so', () => {
    const { views, settled, log } = setUp();
    views.whenKnown(clientOf('{}'), 'list', () => {})();
    const withdraw = views.whenKnown(clientOf('{}'), 'call', () => {});
    settled[1]?.();
    withdraw();
    expect(log).toEqual(['no start', 'call', 'no start', 'no call']);
  });
});
