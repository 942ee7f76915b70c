import type { Catalogue } from '@omni/capabilities';
import { type CallQueues, heldOpen, keyOf, type OverrideChange, type Overrides } from '@omni/call-policies';
import type { NewEvent } from '@omni/events';
import type { ListKind } from '@omni/model';
import type { Logger } from '@omni/ports';
import type { UpstreamRegistry, Upstreams } from '@omni/upstreams';

export interface OverrideFollowers {
  readonly overrides: Overrides;
  readonly registry: UpstreamRegistry;
  readonly upstreams: Upstreams;
  readonly catalogue: Catalogue;
  readonly queues: Pick<CallQueues, 'fail'>;
  readonly events: { publish(event: NewEvent): unknown };
  readonly logger: Logger;
}

/** By what an item of each list is called. */
const METHODS: Readonly<Record<ListKind, string>> = {
  tools: 'tools/call',
  prompts: 'prompts/get',
  resources: 'resources/read',
  templates: 'resources/read',
};

/** Takes overrides to everything that goes by them, and tells of them: none is silent. */
export function followOverrides(followers: OverrideFollowers): void {
  const { overrides, registry, upstreams, catalogue, queues, events, logger } = followers;
  overrides.subscribe((change) => {
    const { target, override } = change;
    if (override.kind === 'hide') catalogue.hide(target.upstream, hiddenBy(overrides));
    else upstreams.rebuildChains();
    const data = { kind: override.kind, ...dataOf(change) };
    const isSet = change.change === 'set';
    const spec = upstreams.get(target.upstream)?.spec;
    // guard: overrides/waiting
    if (spec !== undefined && isSet && override.kind === 'breaker' && override.state === 'open')
      queues.fail(spec, heldOpen(target.upstream), target.called && keyOf(target.called));
    logger.warn(
      { upstream: target.upstream, ...data },
      isSet ? 'an override of a server is in force' : 'an override of a server is in force no longer',
    );
    events.publish({
      type: isSet ? 'upstream.override_set' : 'upstream.override_cleared',
      subject: { server: target.upstream },
      data,
      acl: { servers: [target.upstream], minRole: 'owner' },
    });
  });
  registry.subscribe((_definitions, { removed }) => {
    for (const name of removed) overrides.forget(name);
  });
}

/** @returns `undefined` where nothing is hidden. */
function hiddenBy(overrides: Overrides): Parameters<Catalogue['hide']>[1] {
  if (!overrides.list().some(({ override }) => override.kind === 'hide')) return undefined;
  return ({ upstream, kind, key }) =>
    kind === 'methods'
      ? overrides.isOnAll(upstream, 'hide')
      : overrides.of(upstream)?.('hide', { method: METHODS[kind], name: key }) !== undefined;
}

function dataOf({
  target: { called },
  override,
  until,
  change,
  by,
}: OverrideChange): Record<string, unknown> {
  return {
    change,
    by,
    ...(called !== undefined && { method: called.method, name: called.name }),
    ...(override.kind === 'breaker' && { state: override.state }),
    ...(override.kind === 'throttle' && { rate: override.rate }),
    ...(until !== undefined && { until: new Date(until).toISOString() }),
  };
}
