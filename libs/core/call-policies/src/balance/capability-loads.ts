import type { Clock, Millis } from '@omni/ports';
import { ReplicaLoad } from './replica-load.ts';

/** What is known of the calls to one tool, prompt or resource of a replica. */
export interface CapabilityLoad {
  /** Method and name. */
  readonly capability: string;
  /** `undefined` while nothing was answered. */
  readonly latencyMs: Millis | undefined;
  /** From 0 to 1. */
  readonly errorShare: number;
}

/** Clients may make up addresses; what was called least lately makes room. */
const MAX_CAPABILITIES = 1_000;

/** The averages of one replica, by what was called (S003-RT-01). */
export class CapabilityLoads {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #loads = new Map<string, ReplicaLoad>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** `undefined` where nothing is known. */
  of(capability: string): Pick<ReplicaLoad, 'latencyMs' | 'errorShare'> | undefined {
    return this.#loads.get(capability);
  }

  end(capability: string, outcome: 'answered' | 'failed', ms: Millis): void {
    const load = this.#loads.get(capability) ?? new ReplicaLoad(this.#clock);
    this.#loads.delete(capability);
    this.#loads.set(capability, load);
    const [oldest] = this.#loads.keys();
    // guard: balance/capabilities
    if (this.#loads.size > MAX_CAPABILITIES && oldest !== undefined) this.#loads.delete(oldest);
    load.begin();
    load.end(outcome, ms);
  }

  all(): readonly CapabilityLoad[] {
    return [...this.#loads].map(([capability, { latencyMs, errorShare }]) => ({
      capability,
      latencyMs,
      errorShare,
    }));
  }
}
