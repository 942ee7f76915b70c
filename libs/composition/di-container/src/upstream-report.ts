import type { Catalogue } from '@omni/capabilities';
import { GatewayError, type Era } from '@omni/ports';
import type { Upstream } from '@omni/upstreams';

/** State and offer of one upstream, for people and scripts. */
export interface UpstreamReport {
  readonly name: string;
  readonly state: 'disabled' | 'starting' | 'ready' | 'down' | 'stopped';
  readonly era: Era | undefined;
  readonly tools: number;
  readonly resources: number;
  readonly prompts: number;
  /** Items that are not offered, and why. */
  readonly withheld: readonly { readonly kind: string; readonly name: string; readonly reason: string }[];
  /** Lists that could not be read, or (`isPartial`) not to their end, and why. */
  readonly problems: readonly {
    readonly kind: string;
    readonly isPartial: boolean;
    readonly reason: string;
  }[];
  readonly lastError: { readonly code: string; readonly message: string; readonly hint: string } | undefined;
  readonly retryInMs: number | undefined;
}

export function reportOf(upstream: Upstream, catalogue: Catalogue): UpstreamReport {
  const { counts, withheld, problems } = catalogue.describe(upstream.name);
  const { state } = upstream;
  const error = errorOf(upstream.name, state);
  return {
    name: upstream.name,
    state: state.phase,
    era: upstream.connection?.era,
    tools: counts.tools,
    resources: counts.resources,
    prompts: counts.prompts,
    withheld: withheld.map(({ list, key, reason }) => ({ kind: list, name: key, reason })),
    problems: problems.map(({ list, isPartial, reason }) => ({ kind: list, isPartial, reason })),
    lastError:
      error === undefined ? undefined : { code: error.code, message: error.message, hint: error.hint },
    retryInMs: state.phase === 'down' ? Math.max(0, state.nextRetryAt - Date.now()) : undefined,
  };
}

function errorOf(name: string, state: Upstream['state']): GatewayError | undefined {
  if (state.phase === 'disabled')
    return new GatewayError('OMNI_UPSTREAM_DISABLED', `"${name}" is switched off: ${state.reason}`);
  return state.phase === 'down' || state.phase === 'starting' ? state.lastError : undefined;
}
