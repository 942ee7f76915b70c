import { describe, expect, it } from '@jest/globals';
import type { CatalogueReading } from '@omni/capabilities';
import { ALL_SERVERS, type CatalogueViews } from '@omni/model';
import { upstreamSpecOf } from '@omni/testing';
import { rootScope } from '../create-master-server.ts';
import type { Needs, Scope } from '../scope/scope.ts';
import { Token } from '../token.ts';
import { registerGateway } from './gateway-modules.ts';

type Name = keyof typeof Token;

/** Which parts each part is given, by their names in {@link Token}. */
function needsOfParts(): ReadonlyMap<string, readonly string[]> {
  const names = new Map<unknown, string>(Object.entries(Token).map(([name, token]) => [token, name]));
  const found = new Map<string, readonly string[]>();
  const recording: Pick<Scope, 'register'> = {
    register(token: unknown, registration: { readonly useValue?: unknown; readonly needs?: Needs }) {
      found.set(
        names.get(token) ?? '',
        Object.values(registration.needs ?? {}).map((need) => names.get(need) ?? ''),
      );
    },
  };
  // The modules of a gateway only register.
  registerGateway(recording as Scope);
  return found;
}

const NEEDS = needsOfParts();

function whoNeeds(...wanted: readonly Name[]): readonly string[] {
  const holders = [...NEEDS].filter(([, needs]) => wanted.some((name) => needs.includes(name)));
  return holders.map(([name]) => name).toSorted();
}

/** What answers clients. */
const FRONT: readonly Name[] = [
  'ProtocolHandler',
  'RequestRouter',
  'ResourceSubscriptions',
  'CatalogueViews',
];

describe('the parts of a gateway', () => {
  it('open connections to servers in one place, which the front is not given [S001-ARC-03]', () => {
    expect(NEEDS.size).toBeGreaterThan(20);
    // Who checks definitions asks which adapters there are, and who ends everything ends them. Identity
    // providers are no servers.
    expect(whoNeeds('ChildLauncher', 'HttpClient', 'ChannelDialer')).toEqual([
      'IdentityCheck',
      'MasterServer',
      'UpstreamRegistry',
      'Upstreams',
    ]);
    expect(whoNeeds('Upstreams')).toEqual(['MasterServer', 'UpstreamDirectory', 'UpstreamHealth']);
    expect(whoNeeds('UpstreamDirectory')).not.toContain('ProtocolHandler');
  });

  it('change what is offered where servers are supervised, and nowhere else [S001-ARC-05]', () => {
    // Who reads lists of servers, and who takes new definitions and kept lists.
    expect(whoNeeds('CatalogueWriter')).toEqual([
      'Catalogue',
      'ListedReplicas',
      'MasterServer',
      'VariantReader',
    ]);
    // Records of servers are decided by the coordinator: nobody else is given them but who executes.
    expect(whoNeeds('Supervision')).toEqual([
      'CallRecords',
      'CatalogueRefresher',
      'LifecycleOwner',
      'MasterServer',
    ]);
    expect(whoNeeds('CallRecords')).toEqual(['RoutingPolicies']);
    expect(whoNeeds('LifecycleOwner')).toEqual(['Upstreams']);
    const held = FRONT.flatMap((part) => NEEDS.get(part) ?? []);
    for (const writer of ['CatalogueWriter', 'Supervision', 'LifecycleOwner', 'StoreSettings'])
      expect(held).not.toContain(writer);
  });

  it('are read by the front, which can change nothing in them [S001-ARC-02]', () => {
    const root = rootScope({
      configuration: {
        upstreams: [
          upstreamSpecOf(
            { kind: 'channel', open: () => ({ send: () => true, close: () => Promise.resolve() }) },
            { name: 'files' },
          ),
        ],
      },
    });
    expect(NEEDS.get('ProtocolHandler')).toContain('CatalogueViews');
    expect(NEEDS.get('ProtocolHandler')).not.toContain('Catalogue');
    const views = root.get(Token.CatalogueViews);
    const view = views.of({ endpoint: ALL_SERVERS, era: 'modern', capabilities: '{}' });
    // @ts-expect-error There is nothing to write with.
    expect(() => views.set('files', undefined)).toThrow(TypeError);
    // @ts-expect-error Nor at what reports are made of.
    const write = (catalogue: CatalogueReading): boolean => catalogue.set('files', undefined);
    expect(write).toBeInstanceOf(Function);
    expect(() => Object.assign(views, { of: () => view } satisfies Partial<CatalogueViews>)).toThrow(
      TypeError,
    );
    expect(() => Object.assign(view, { list: () => '[]' })).toThrow(TypeError);
  });
});
