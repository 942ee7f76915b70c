import type { Era } from '@omni/ports';
import type { FaultKind, HostTransport } from './fault-kinds.ts';

/** A simulated server as a scenario describes it: plain data. */
export interface HostPlan {
  readonly name: string;
  readonly transport: HostTransport;
  readonly era: Era;
  readonly instances: 'auto' | 'shared' | 'per-user' | 'per-session' | 'per-request';
  readonly protocol: 'auto' | 'legacy' | '2026-07-28';
  readonly tools: number;
  /** From the start of a process until it reads. */
  readonly startMs: number;
  /** From a request to its answer, on average. */
  readonly answerMs: number;
  readonly connectTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly isCritical: boolean;
}

/** Up and down of a server that flaps. */
const FLAP_MS = 10_000;

/** One simulated server: what is wrong with it now, and what it lists. */
export class Host {
  readonly plan: HostPlan;
  readonly #nowMs: () => number;
  readonly #faults = new Map<FaultKind, number>();
  readonly #endings = new Set<(how: string) => void>();
  #flapsFromMs = 0;
  #listVersion = 0;
  /** Grows whenever it forgets whom it knows. */
  sessionsSince = 0;

  constructor(plan: HostPlan, nowMs: () => number) {
    this.plan = plan;
    this.#nowMs = nowMs;
  }

  get name(): string {
    return this.plan.name;
  }

  has(kind: FaultKind): boolean {
    return this.#faults.has(kind);
  }

  /** Whether it is away right now because it flaps. */
  get isAway(): boolean {
    return this.has('flapping') && Math.floor((this.#nowMs() - this.#flapsFromMs) / FLAP_MS) % 2 === 0;
  }

  /** Whether anything is wrong with it. */
  get isWell(): boolean {
    return this.#faults.size === 0;
  }

  begin(kind: FaultKind): void {
    if (kind === 'flapping' && !this.has(kind)) this.#flapsFromMs = this.#nowMs();
    this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
  }

  end(kind: FaultKind): void {
    const count = this.#faults.get(kind) ?? 0;
    if (count > 1) this.#faults.set(kind, count - 1);
    else this.#faults.delete(kind);
  }

  /** Everything is well from now on. */
  heal(): void {
    this.#faults.clear();
  }

  /** @param onEnd - Told when everything of this server that runs ends, and how. */
  onEnding(onEnd: (how: string) => void): () => void {
    this.#endings.add(onEnd);
    return () => void this.#endings.delete(onEnd);
  }

  /** Ends everything of it that runs. */
  endAll(how: string): void {
    for (const onEnd of [...this.#endings]) onEnd(how);
  }

  changeList(): void {
    this.#listVersion++;
  }

  /** Names of its tools; one of them comes and goes. */
  get tools(): readonly string[] {
    const names = Array.from({ length: this.plan.tools }, (_, index) => `t${index}`);
    return this.#listVersion % 2 === 0 ? names : [...names, 'extra'];
  }
}
