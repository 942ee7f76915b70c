import type { BalanceStrategy, Clock, Millis, Random } from '@omni/ports';
import type { Culprit } from '../breaker/whose-failure.ts';
import { isOfCanaries, type Canary } from './canary.ts';
import { CapabilityLoads, type CapabilityLoad } from './capability-loads.ts';
import { ReplicaLoad } from './replica-load.ts';
import { type Candidate, type Strategy, strategyNamed } from './strategies.ts';

/** A server that can take calls of a group. */
export interface ReplicaFacts extends Canary {
  /** Stable and unique in its group. */
  readonly key: string;
  /** Its part of the calls, above 0. Default: 1. */
  readonly weight?: number;
  /** What a call to it costs. Default: 1. */
  readonly cost?: number;
}

export interface BalancerOptions {
  /** Default: `round-robin`. */
  readonly strategy?: BalanceStrategy;
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

/** What a call is, for the choice. */
export interface BalancedRequest {
  /** Of those that may be asked, these are not: they were, for the same request. Default: none. */
  readonly except?: ReadonlySet<string>;
  /** Calls with the same go to the same replica, where the strategy is sticky. Default: empty. */
  readonly stickyKey?: string;
  /** What is called: latency and failures are those of calls for the same. Default: empty. */
  readonly capability?: string;
}

/** A call to the replica that was chosen for it; to be ended once. */
export interface BalancedCall {
  readonly key: string;
  /** Whether the replica is left out as a rule, and there was no other. */
  readonly isEjected: boolean;
  /** Whether it is one of the share of a canary. */
  readonly isCanary: boolean;
  /** @param culprit - Only `upstream` and `nobody` say something of the replica. */
  end(culprit: Culprit): void;
}

/** What a replica in slow start gets at first, of its part. */
const FIRST_SHARE = 0.1;
/** Of a group, so much may be left out at most. */
const EJECTED_SHARE = 0.5;

interface Replica {
  readonly load: ReplicaLoad;
  readonly loads: CapabilityLoads;
  /** Until when it is left out; `undefined` when it is not. */
  ejectedUntilMs: number | undefined;
  /** How often it was left out without having been well between. */
  ejections: number;
  /** Whether it could not be asked when a replica was chosen last. */
  isAway: boolean;
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

  /** What is known of the calls to a replica, by what was called. */
  loadsOf(key: string): readonly CapabilityLoad[] {
    return this.#replicas.get(key)?.loads.all() ?? [];
  }

  /** Nothing is known of a replica any more: the name stands for another one. */
  forget(key: string): void {
    this.#replicas.delete(key);
  }

  /**
   * Chooses one for a call that begins now. When all are left out, it is one of them, which is said: there
   * may be calls that work all the same. One that could not be asked at an earlier choice starts slowly.
   *
   * @param available - Those that may be asked: they run, or will soon.
   * @returns `undefined` when none is available.
   */
  begin(available: readonly ReplicaFacts[], request: BalancedRequest = {}): BalancedCall | undefined {
    const { except, stickyKey, capability = '' } = request;
    this.#see(available);
    const askable = except === undefined ? available : available.filter(({ key }) => !except.has(key));
    const healthy = /* guard: balance/ejected */ askable.filter(({ key }) => !this.isEjected(key));
    const isEjected = healthy.length === 0;
    const { random } = this.#options;
    const share = isOfCanaries(isEjected ? askable : healthy, {
      stickyKey: this.#stickyKey(stickyKey),
      random,
    });
    const candidates = share.chosen.map((facts) => this.#candidateOf(facts, capability));
    const [only] = candidates;
    if (only === undefined) return undefined;
    const facts = { random, ...(stickyKey !== undefined && { stickyKey }) };
    // A strategy remembers those that it chose among last.
    const { key, replica } = candidates.length === 1 ? only : this.#strategy(candidates, facts);
    return this.#callTo({ key, replica, isEjected, isCanary: share.isCanary, capability }, available);
  }

  /** Counts a call whose replica is not to be chosen. */
  take(key: string, capability: string): BalancedCall {
    const replica = this.#replicaOf(key);
    const isEjected = this.#isEjected(replica);
    return this.#callTo({ key, replica, isEjected, isCanary: false, capability }, []);
  }

  #stickyKey(stickyKey: string | undefined): string | undefined {
    return this.#options.strategy === 'sticky' ? (stickyKey ?? '') : undefined;
  }

  #callTo(
    chosen: Pick<BalancedCall, 'key' | 'isEjected' | 'isCanary'> & {
      readonly replica: Replica;
      readonly capability: string;
    },
    group: readonly ReplicaFacts[],
  ): BalancedCall {
    const { clock } = this.#options;
    const { key, replica, isEjected, isCanary, capability } = chosen;
    const beganMs = clock.monotonicMs();
    let isOver = false;
    replica.load.begin();
    return {
      key,
      isEjected,
      isCanary,
      end: (culprit) => {
        if (isOver) return;
        isOver = true;
        const tookMs = clock.monotonicMs() - beganMs;
        replica.load.end(OUTCOMES[culprit], tookMs);
        if (OUTCOMES[culprit] !== 'ignored') replica.loads.end(capability, OUTCOMES[culprit], tookMs);
        this.#judge(replica, culprit, group);
      },
    };
  }

  #judge(replica: Replica, culprit: Culprit, group: readonly ReplicaFacts[]): void {
    if (this.#isEjected(replica)) return;
    if (culprit === 'nobody') replica.ejections = 0;
    const { failuresToEject = 5, ejectionMs = 30_000, maxEjectionMs = 300_000, clock } = this.#options;
    if (culprit !== 'upstream' || replica.load.consecutiveFailures < failuresToEject) return;
    const ejected = 1 + group.filter(({ key }) => this.isEjected(key)).length;
    // guard: balance/half
    if (ejected > group.length * EJECTED_SHARE) return;
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

  /** Notes who is away, and who is back. */
  #see(available: readonly ReplicaFacts[]): void {
    for (const [key, replica] of this.#replicas)
      if (!replica.isAway && !available.some((facts) => facts.key === key)) replica.isAway = true;
    for (const { key } of available) {
      const replica = this.#replicas.get(key);
      if (replica?.isAway !== true) continue;
      replica.isAway = false;
      replica.backSinceMs = this.#options.clock.monotonicMs();
    }
  }

  #candidateOf({ key, weight = 1, cost = 1 }: ReplicaFacts, capability: string): Candidate<Replica> {
    const replica = this.#replicaOf(key);
    const { errorShare, latencyMs } = replica.loads.of(capability) ?? replica.load;
    const load = { inFlight: replica.load.inFlight, errorShare, latencyMs };
    return { replica, key, weight: weight * this.#startShareOf(replica), cost, load };
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
      const { clock } = this.#options;
      replica = {
        load: new ReplicaLoad(clock),
        loads: new CapabilityLoads(clock),
        ejectedUntilMs: undefined,
        ejections: 0,
        isAway: false,
        backSinceMs: undefined,
      };
      this.#replicas.set(key, replica);
    }
    return replica;
  }
}

const OUTCOMES = { upstream: 'failed', nobody: 'answered', caller: 'ignored', omni: 'ignored' } as const;
