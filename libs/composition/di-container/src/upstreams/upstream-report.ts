import type { Balancers, OverrideInForce, Overrides } from '@omni/call-policies';
import type { CatalogueReading } from '@omni/capabilities';
import { project, type UpstreamProjection, type UpstreamRecord, type UpstreamState } from '@omni/model';
import {
  type Clock,
  DEFAULT_ROUTING,
  type Era,
  type FaultSettings,
  GatewayError,
  type Millis,
  type OwnerReport,
} from '@omni/ports';
import { errorFactsOf, refusalIn, type UpstreamRegistry, type Upstreams } from '@omni/upstreams';
import { faultsOf } from './fault-watch.ts';

type Upstream = ReturnType<Upstreams['all']>[number];

/** A failure as it is shown: its code, what it says and what to do. */
export interface ShownError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** State and offer of one upstream, for people and scripts. */
export interface UpstreamReport {
  readonly name: string;
  /** The server that it is a replica of. */
  readonly replicaOf?: string;
  /** `misconfigured`: it cannot run as it is configured, and `lastError` says why. */
  readonly state: UpstreamState['phase'];
  /** S001-ST-05. */
  readonly health_status: UpstreamProjection['healthStatus'];
  /** S001-CB-01. */
  readonly circuit_state: UpstreamProjection['circuitState'];
  /** S003-HM-01. */
  readonly level: UpstreamProjection['level'];
  /** Whether it works, whether it may, and what to do. */
  readonly health: {
    readonly level: UpstreamProjection['health']['level'];
    readonly admin_state: UpstreamProjection['health']['adminState'];
    readonly summary: string;
    readonly detail: string;
    readonly action: UpstreamProjection['health']['action'];
  };
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
  /**
   * What balancing goes by: of each tool, prompt and resource that was called lately the mean latency, the
   * share of failures from 0 to 1, and what a call costs. Absent where nothing is balanced.
   */
  readonly calls?: readonly {
    readonly capability: string;
    readonly latencyMs: Millis | undefined;
    readonly errorRate: number;
    readonly cost: number;
  }[];
  readonly lastError: ShownError | undefined;
  readonly retryInMs: number | undefined;
  /** Faults on purpose; absent where there are none. */
  readonly faults?: FaultSettings;
  /** What operators have decided for a while; absent where there is nothing. */
  readonly overrides?: readonly OverrideInForce[];
}

/** What reports are made from. */
export interface ReportSources {
  readonly catalogue: CatalogueReading;
  readonly registry: UpstreamRegistry;
  readonly balancers: Balancers;
  readonly overrides: Pick<Overrides, 'list'>;
  readonly clock: Pick<Clock, 'now'>;
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
  { snapshot, ownerReports, spec }: Pick<Upstream, 'snapshot' | 'ownerReports' | 'spec'>,
  { catalogue, registry, balancers, overrides, clock }: ReportSources,
): UpstreamReport {
  const { name, facts } = snapshot;
  const now = clock.now();
  const server = registry.current.groupOf(name);
  const inForce = overrides.list(name);
  const [faults] = faultsOf(spec);
  const record = shownRecord({ snapshot, spec });
  const { state } = record;
  const { healthStatus, circuitState, level, health } = project(record);
  const { adminState, ...shownHealth } = health;
  const { counts, withheld, problems } = catalogue.describe(server);
  const group = registry.current.group(server);
  const loads = (group && balancers.find(group.server)?.loadsOf(name)) ?? [];
  const { cost } = spec.routing ?? DEFAULT_ROUTING;
  return {
    name,
    ...(spec.replica !== undefined && { replicaOf: server }),
    state: state.phase,
    health_status: healthStatus,
    circuit_state: circuitState,
    level,
    health: { ...shownHealth, admin_state: adminState },
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
    ...(loads.length > 0 && {
      calls: loads.map(({ capability, latencyMs, errorShare }) => ({
        capability: ownerReports.redacted(capability),
        latencyMs,
        errorRate: errorShare,
        cost,
      })),
    }),
    lastError: errorOf(spec, record, now),
    retryInMs: 'nextAttemptAt' in state ? Math.max(0, state.nextAttemptAt - now) : undefined,
    ...(faults !== undefined && { faults }),
    ...(inForce.length > 0 && { overrides: inForce }),
  };
}

/** An upstream whose entry is wrong is shown as what it is, and not as one that somebody has switched off. */
export function shownRecord({
  snapshot: { record },
  spec: { flaw, secretValues },
}: Pick<Upstream, 'snapshot' | 'spec'>): UpstreamRecord {
  if (flaw === undefined) return record;
  const error = errorFactsOf(
    new GatewayError('OMNI_CONFIG_INVALID', flaw, {
      hint: 'Correct its entry there; Omni reads it when it starts.',
    }),
    secretValues,
  );
  return { ...record, state: { phase: 'misconfigured', since: record.state.since, error } };
}

function errorOf(
  { name, secretValues }: Upstream['spec'],
  { state, history }: UpstreamRecord,
  now: Millis,
): ShownError | undefined {
  if ('error' in state) return state.error;
  if (state.phase === 'starting') return history.lastError ?? undefined;
  const refusal =
    state.phase === 'disabled' ? refusalIn(name, state, { lastError: undefined, now }) : undefined;
  return refusal && errorFactsOf(refusal, secretValues);
}
