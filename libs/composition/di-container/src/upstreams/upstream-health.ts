import type { Catalogue } from '@omni/capabilities';
import type { HealthComponent, HealthMonitor } from '@omni/health';
import type { Clock, ComponentStatus } from '@omni/ports';
import type { UpstreamRegistry, Upstreams } from '@omni/upstreams';
import { reportOf } from './upstream-report.ts';

export interface UpstreamHealthParts {
  readonly health: HealthMonitor;
  readonly registry: UpstreamRegistry;
  readonly upstreams: Upstreams;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
}

/** Lets the health monitor look at each upstream that is switched on. */
export class UpstreamHealth {
  readonly #parts: UpstreamHealthParts;
  /** What takes each of them out again. */
  readonly #registered = new Map<string, () => void>();

  constructor(parts: UpstreamHealthParts) {
    this.#parts = parts;
    this.follow();
  }

  /** Takes what the registry says now. */
  follow(): void {
    const { health, registry } = this.#parts;
    const { current } = registry;
    for (const [name, remove] of this.#registered) {
      if (current.get(name)?.enabled === true) continue;
      this.#registered.delete(name);
      remove();
    }
    for (const { name, enabled } of current.all)
      if (enabled && !this.#registered.has(name))
        this.#registered.set(name, health.register(this.#componentOf(name)));
    // What is critical may have changed.
    health.refresh();
  }

  #componentOf(name: string): HealthComponent {
    const { registry } = this.#parts;
    return {
      name: `upstream:${name}`,
      get critical() {
        return registry.current.get(name)?.critical === true;
      },
      getStatus: () => this.#statusOf(name),
    };
  }

  #statusOf(name: string): ComponentStatus {
    const { upstreams, catalogue, clock } = this.#parts;
    const upstream = upstreams.get(name);
    if (upstream === undefined) return { level: 'unknown', since: clock.now(), details: {} };
    const { level, since } = upstream.getStatus();
    // A server that is up offers nothing before its lists have been read.
    const isReadable = level !== 'ok' || catalogue.isRead(name);
    return {
      level: isReadable ? level : 'unknown',
      since,
      get details() {
        return { ...reportOf(upstream, catalogue, clock.now()) };
      },
      ownerDetails: { ownerReports: upstream.ownerReports.list() },
    };
  }
}
