import type { Clock, Millis, Random } from '@omni/ports';
import type { Culprit } from '../breaker/whose-failure.ts';
import { ReplicaLoad } from './replica-load.ts';
import { type Candidate, type Strategy, strategyNamed, type StrategyName } from './strategies.ts';

/** A server that can take calls of a group. */
export interface ReplicaFacts {
  /** Stable and unique in its group. */
  readonly key: string;
  /** Its part of the calls, above 0. Default: 1. */
  readonly weight?: number;
}

export interface BalancerOptions {
  /** Default: `round-robin`. */
  readonly strategy?: StrategyName;
  /** Failures in a row after which a replica is left out. Default: 5. */
  readonly failuresToEject?: number;
  /** How long it is left out at first; twice as long each further time. Default: 30,000. */
  readonly ejectionMs?: Millis;
  /** The longest that it is left out. Default: 300,000. */
  readonly maxEjectionMs?: Millis;
  /** How long a replica that is back gets fewer calls than its part. Default: 30,000. */
  readonly slowStartMs?: Millis;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: Random;
}

/** A call to the replica that was chosen for it; to be ended once. */
export interface BalancedCall {
  readonly key: string;
  /** Whether the replica is left out as a rule, and there was no other. */
  readonly isEjected: boolean;
  /** @param culprit - Only `upstream` and `nobody` say something of the replica. */
  end(culprit: Culprit): void;
}

/** What a replica in slow start gets at first, of its part. */
const FIRST_SHARE = 0.1;
/** Of a group, so much may be left out at most. */
const EJECTED_SHARE = 0.5;

interface Replica {
  readonly load: ReplicaLoad;
  /** Until when it is left out; `undefined` when it is not. */
  ejectedUntilMs: number | undefined;
  /** How often it was left out without having been well between. */
  ejections: number;
  /** Since when it is back; `undefined` when it was never away. */
  backSinceMs: number | undefined;
}

/** Chooses among the replicas of one group, and leaves out those that fail. */
export class Balancer {
  readonly #options: BalancerOptions;
  readonly #strategy: Strategy;
  readonly #replicas = new Map<string, Replica>();

  constructor(options: BalancerOptions) {
    this.#options = options;
    this.#strategy = strategyNamed(options.strategy ?? 'round-robin');
  }

  /** Whether a replica is left out at the moment. */
  isEjected(key: string): boolean {
    const replica = this.#replicas.get(key);
    return replica !== undefined && this.#isEjected(replica);
  }

  /** A replica has come back, e.g. its breaker has closed or its process runs again: it starts slowly. */
  onBack(key: string): void {
    this.#replicaOf(key).backSinceMs = this.#options.clock.monotonicMs();
  }

  /** Keeps what is known of these, and forgets all others. */
  retain(keys: Iterable<string>): void {
    const kept = new Set(keys);
    for (const key of this.#replicas.keys()) if (!kept.has(key)) this.#replicas.delete(key);
  }

  /**
   * Chooses one for a call that begins now. When all are left out, it is one of them, which is said: there
   * may be calls that work all the same.
   *
   * @param available - Those that may be asked: their breakers are not open.
   * @param stickyKey - Calls with the same go to the same replica, where the strategy is sticky.
   * @returns `undefined` when none is available.
   */
  begin(available: readonly ReplicaFacts[], stickyKey?: string): BalancedCall | undefined {
    const all = available.map((facts) => this.#candidateOf(facts));
    const healthy = /* guard: balance/ejected */ all.filter(({ replica }) => !this.#isEjected(replica));
    const isEjected = healthy.length === 0;
    const candidates = isEjected ? all : healthy;
    if (candidates.length === 0) return undefined;
    const { random } = this.#options;
    const facts = { random, ...(stickyKey !== undefined && { stickyKey }) };
    const { key, replica } = this.#strategy(candidates, facts);
    return this.#callTo(key, replica, isEjected, available.length);
  }

  #callTo(key: string, replica: Replica, isEjected: boolean, groupSize: number): BalancedCall {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    let isOver = false;
    replica.load.begin();
    return {
      key,
      isEjected,
      end: (culprit) => {
        if (isOver) return;
        isOver = true;
        replica.load.end(OUTCOMES[culprit], clock.monotonicMs() - beganMs);
        this.#judge(replica, culprit, groupSize);
      },
    };
  }

  #judge(replica: Replica, culprit: Culprit, groupSize: number): void {
    if (this.#isEjected(replica)) return;
    if (culprit === 'nobody') replica.ejections = 0;
    const { failuresToEject = 5, ejectionMs = 30_000, maxEjectionMs = 300_000, clock } = this.#options;
    if (culprit !== 'upstream' || replica.load.consecutiveFailures < failuresToEject) return;
    let ejected = 1;
    for (const other of this.#replicas.values()) if (this.#isEjected(other)) ejected++;
    // guard: balance/half
    if (ejected > groupSize * EJECTED_SHARE) return;
    const forMs = Math.min(maxEjectionMs, ejectionMs * 2 ** replica.ejections++);
    replica.ejectedUntilMs = clock.monotonicMs() + forMs;
  }

  #isEjected(replica: Replica): boolean {
    const { ejectedUntilMs } = replica;
    if (ejectedUntilMs === undefined) return false;
    if (this.#options.clock.monotonicMs() < ejectedUntilMs) return true;
    replica.backSinceMs = ejectedUntilMs;
    replica.load.consecutiveFailures = 0;
    replica.ejectedUntilMs = undefined;
    return false;
  }

  #candidateOf({ key, weight = 1 }: ReplicaFacts): Candidate<Replica> {
    const replica = this.#replicaOf(key);
    return { replica, key, weight: weight * this.#startShareOf(replica), load: replica.load };
  }

  /** From a tenth to 1 while it starts slowly. */
  #startShareOf({ backSinceMs }: Replica): number {
    if (backSinceMs === undefined) return 1;
    const { slowStartMs = 30_000, clock } = this.#options;
    const share = (clock.monotonicMs() - backSinceMs) / slowStartMs;
    return /* guard: balance/slow-start */ Math.min(1, Math.max(FIRST_SHARE, share));
  }

  #replicaOf(key: string): Replica {
    let replica = this.#replicas.get(key);
    if (replica === undefined) {
      const load = new ReplicaLoad(this.#options.clock);
      replica = { load, ejectedUntilMs: undefined, ejections: 0, backSinceMs: undefined };
      this.#replicas.set(key, replica);
    }
    return replica;
  }
}

const OUTCOMES = { upstream: 'failed', nobody: 'answered', caller: 'ignored', omni: 'ignored' } as const;
