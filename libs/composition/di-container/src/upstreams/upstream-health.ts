import type {
  Balancers,
  CallQueues,
  ErrorBudgets,
  ErrorBudgetState,
  Limiter,
  Overrides,
} from '@omni/call-policies';
import type { CatalogueReading } from '@omni/capabilities';
import type { HealthComponent, HealthMonitor } from '@omni/health';
import {
  type Clock,
  type ComponentStatus,
  DEFAULT_LIFECYCLE,
  type StatusLevel,
  type UpstreamSpec,
} from '@omni/ports';
import type { UpstreamRegistry, Upstreams } from '@omni/upstreams';
import { project, type UpstreamProjection, type UpstreamRecord, type UpstreamState } from '@omni/model';
import { reportOf, shownRecord } from './upstream-report.ts';

export interface UpstreamHealthParts {
  readonly health: HealthMonitor;
  readonly registry: UpstreamRegistry;
  readonly upstreams: Upstreams;
  readonly catalogue: CatalogueReading;
  readonly policies: { readonly budgets: ErrorBudgets };
  readonly limiter: Limiter;
  readonly queues: CallQueues;
  readonly overrides: Pick<Overrides, 'list'>;
  readonly balancers: Balancers;
  readonly clock: Clock;
}

/**
 * Lets the health monitor look at each upstream that is switched on, or is off because its entry is wrong.
 */
export class UpstreamHealth {
  readonly #parts: UpstreamHealthParts;
  /** What takes each of them out again. */
  readonly #registered = new Map<string, () => void>();

  /** Those that were asleep when they were seen last, or wake. */
  readonly #waking = new Set<string>();

  constructor(parts: UpstreamHealthParts) {
    this.#parts = parts;
    this.follow();
  }

  /** Takes what the registry says now. */
  follow(): void {
    const { health, registry } = this.#parts;
    const { current } = registry;
    for (const [name, remove] of this.#registered) {
      if (isWatched(current.get(name))) continue;
      this.#registered.delete(name);
      this.#waking.delete(name);
      remove();
    }
    for (const spec of current.all)
      if (isWatched(spec) && !this.#registered.has(spec.name))
        this.#registered.set(spec.name, health.register(this.#componentOf(spec.name)));
    // What is critical may have changed.
    health.refresh();
  }

  #componentOf(name: string): HealthComponent {
    const { registry } = this.#parts;
    const isCovered = (): boolean => this.#isCovered(name);
    return {
      name: `upstream:${name}`,
      server: name,
      get critical() {
        return registry.current.get(name)?.critical === true && !isCovered();
      },
      getStatus: () => this.#statusOf(name),
      probe: async () => await this.#parts.upstreams.get(name)?.probe(),
      isOutdated: () => this.#isOutdated(name),
    };
  }

  /** Whether it is not ready, and another one of its server and the replicas of that is. */
  #isCovered(name: string): boolean {
    const { registry, upstreams } = this.#parts;
    const members = registry.current.group(registry.current.groupOf(name))?.members ?? [];
    const isReady = (one: string): boolean => upstreams.get(one)?.record.state.phase === 'ready';
    // guard: health/covered
    return members.length > 1 && !isReady(name) && members.some((member) => isReady(member.name));
  }

  /** A call wakes it: it is as good as asleep until an attempt fails. */
  #isWaking(name: string, { state, history }: UpstreamRecord): boolean {
    if (state.phase === 'asleep') this.#waking.add(name);
    else if (!isStarting(state) || history.outage !== null) this.#waking.delete(name);
    return this.#waking.has(name);
  }

  /** Whether it is connected, and has not been heard of for longer than from one probe to the next. */
  #isOutdated(name: string): boolean {
    const { upstreams, clock } = this.#parts;
    const upstream = upstreams.get(name);
    if (upstream === undefined) return false;
    const { state, history } = upstream.record;
    const { intervalMs, jitter } = (upstream.spec.lifecycle ?? DEFAULT_LIFECYCLE).probe;
    // One that has missed a probe is known to be slow, and is asked again in any case.
    if (state.phase !== 'ready' || state.misses > 0 || intervalMs === 0) return false;
    // guard: health/outdated
    return clock.now() - (history.lastSeenAt ?? state.since) > intervalMs * (1 + jitter);
  }

  /** How busy each upstream is, by name. */
  loads(): readonly (readonly [name: string, load: UpstreamLoad])[] {
    return this.#parts.upstreams.all().map(({ spec }) => [spec.name, this.#loadOf(spec)] as const);
  }

  #loadOf(spec: UpstreamSpec): UpstreamLoad {
    const { limiter, queues, policies } = this.#parts;
    const state = policies.budgets.stateOf(spec);
    return {
      inFlight: limiter.inFlight(spec),
      limit: limiter.limitOf(spec),
      waiting: queues.waiting(spec),
      ...(state !== undefined && { errorBudget: { ...state, isSpent: policies.budgets.isSpent(spec) } }),
    };
  }

  #statusOf(name: string): ComponentStatus {
    const { upstreams, clock, registry, policies } = this.#parts;
    const sources = this.#parts;
    const upstream = upstreams.get(name);
    const spec = registry.current.get(name);
    if (upstream === undefined || spec === undefined)
      return { level: 'unknown', since: clock.now(), details: {} };
    const load = (spec: UpstreamSpec): UpstreamLoad => this.#loadOf(spec);
    const record = shownRecord(upstream);
    const level = this.#isWaking(name, record) ? 'ok' : levelOf(project(record));
    const isSpent = /* guard: budget/health */ policies.budgets.isSpent(upstream.spec);
    return {
      level: isSpent && level === 'ok' ? 'warn' : level,
      since: record.state.since,
      get details() {
        return { ...reportOf(upstream, sources), load: load(upstream.spec) };
      },
      ownerDetails: { ownerReports: upstream.ownerReports.list() },
    };
  }
}

/** How busy an upstream is. */
export interface UpstreamLoad {
  readonly inFlight: number;
  /** So many may be under way. */
  readonly limit: number;
  /** So many wait for their turn. */
  readonly waiting: number;
  /** Absent where nobody has called it, or no error budget is set. */
  readonly errorBudget?: ErrorBudgetState & { readonly isSpent: boolean };
}

function isStarting(state: UpstreamState): boolean {
  return state.phase === 'starting' || (state.phase === 'ready' && !state.isListed);
}

/** Readiness waits for what has yet to come up; a server that is up offers nothing before it is listed. */
function levelOf({ level, healthStatus, health }: UpstreamProjection): StatusLevel {
  if (healthStatus !== 'disconnected' || level !== 'warn') return level;
  return health.level === 'unhealthy' ? 'error' : 'unknown';
}

/** Whether its status is looked at: what is switched off has none. */
export function isWatched(spec: UpstreamSpec | undefined): boolean {
  return spec?.enabled === true || spec?.flaw !== undefined;
}
