import type { Catalogue } from '@omni/capabilities';
import { GatewayError, type Era, type Millis, type OwnerReport } from '@omni/ports';
import type { ErrorFacts, UpstreamState, Upstreams } from '@omni/upstreams';

type Upstream = ReturnType<Upstreams['all']>[number];

/** State and offer of one upstream, for people and scripts. */
export interface UpstreamReport {
  readonly name: string;
  /** `misconfigured`: its entry in the configuration is wrong, and `lastError` says where. */
  readonly state: UpstreamState['phase'] | 'misconfigured';
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
  readonly lastError: ErrorFacts | undefined;
  readonly retryInMs: number | undefined;
}

/** The same with what is for the owner alone: it may repeat what any user sent. */
export interface OwnedUpstreamReport extends UpstreamReport {
  /**
   * What it wrote that is no answer to anybody, such as the last lines on stderr of a process that ended; the
   * latest first.
   */
  readonly ownerReports: readonly OwnerReport[];
}

export function reportOf(
  { snapshot, ownerReports, spec: { flaw } }: Pick<Upstream, 'snapshot' | 'ownerReports' | 'spec'>,
  catalogue: Catalogue,
  now: Millis,
): UpstreamReport {
  const { name, state, facts } = snapshot;
  const { counts, withheld, problems } = catalogue.describe(name);
  return {
    name,
    state: flaw === undefined ? state.phase : 'misconfigured',
    era: facts.era ?? undefined,
    tools: counts.tools,
    resources: counts.resources,
    prompts: counts.prompts,
    withheld: withheld.map(({ list, key, reason }) => ({
      kind: list,
      name: ownerReports.redacted(key),
      reason: ownerReports.redacted(reason),
    })),
    problems: problems.map(({ list, isPartial, reason }) => ({
      kind: list,
      isPartial,
      reason: ownerReports.redacted(reason),
    })),
    lastError: flaw === undefined ? errorOf(name, state) : flawOf(flaw),
    retryInMs: state.phase === 'down' ? Math.max(0, state.nextRetryAt - now) : undefined,
  };
}

function flawOf(flaw: string): ErrorFacts {
  const { code, message, hint } = new GatewayError('OMNI_CONFIG_INVALID', flaw, {
    hint: 'Correct its entry there; Omni reads it when it starts.',
  });
  return { code, message, hint };
}

function errorOf(name: string, state: UpstreamState): ErrorFacts | undefined {
  if (state.phase === 'disabled') {
    const text = `"${name}" is switched off: ${state.reason}`;
    const { code, message, hint } = new GatewayError('OMNI_UPSTREAM_DISABLED', text);
    return { code, message, hint };
  }
  return state.phase === 'down' || state.phase === 'starting' ? (state.lastError ?? undefined) : undefined;
}
