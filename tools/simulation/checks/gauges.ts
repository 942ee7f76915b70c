import { type Scope, Token } from '@omni/container';
import type { ScenarioLimits } from '../scenario.ts';
import type { Violations } from './violations.ts';

/** Beyond a limit there is a quarter more for users with little. */
const RESERVE = 1.25;
/** @returns What a limit lets through. */
export function withReserve(limit: number): number {
  return Math.floor(limit * RESERVE) + 1;
}

/** Omni's own calls may go beyond the limits of a server by so many. */
const INTERNAL_RESERVE = 16;

/** What the gateway counts of itself, and what that may be. */
export class Gauges {
  readonly #scope: Scope;
  readonly #limits: ScenarioLimits;
  readonly #violations: Violations;

  constructor(scope: Scope, limits: ScenarioLimits, violations: Violations) {
    this.#scope = scope;
    this.#limits = limits;
    this.#violations = violations;
  }

  /** Bounds hold at any time. */
  checkBounds(): void {
    const { maxInFlight, maxSessions, maxUpstreamInFlight } = this.#limits;
    const { inFlight, sessions } = this.#ofFront;
    this.#checkBound('requests under way', inFlight, withReserve(maxInFlight));
    this.#checkBound('sessions', sessions, withReserve(maxSessions));
    const limiter = this.#scope.get(Token.CallLimiter);
    for (const { name, spec } of this.#scope.get(Token.Upstreams).all()) {
      const most = withReserve(maxUpstreamInFlight) + INTERNAL_RESERVE;
      this.#checkBound(`calls of "${name}"`, limiter.inFlight(spec), most);
    }
  }

  /** @param waiting - Requests without an answer that clients have had under way for a while. */
  checkWaiting(waiting: number): void {
    this.#checkBound('requests of clients', waiting, withReserve(this.#limits.maxInFlight));
  }

  /** No client is there. */
  checkQuiet(): void {
    const front = this.#ofFront;
    for (const gauge of ['inFlight', 'listens', 'connections', 'sessions', 'authenticating'])
      if (front[gauge] !== 0)
        this.#violations.add('I13', `${gauge} is ${String(front[gauge])} when no client is there`);
    if (front['requests'] !== front['settled'])
      this.#violations.add(
        'I1',
        `of ${String(front['requests'])} requests ${String(front['settled'])} were settled`,
      );
  }

  /** The gateway has stopped. */
  checkStopped(): void {
    const limiter = this.#scope.get(Token.CallLimiter);
    for (const { name, spec } of this.#scope.get(Token.Upstreams).all())
      if (limiter.inFlight(spec) !== 0)
        this.#violations.add('I13', `"${name}" has ${limiter.inFlight(spec)} calls behind the stop`);
  }

  get #ofFront(): Readonly<Record<string, unknown>> {
    return this.#scope.get(Token.ProtocolHandler).getStatus().details;
  }

  #checkBound(what: string, count: unknown, most: number): void {
    if (typeof count === 'number' && count > most)
      this.#violations.add('I10', `there are ${count} ${what} of ${most}`);
  }
}
