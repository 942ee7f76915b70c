import type { UpstreamCall } from '@omni/model';
import type { Clock, Principal } from '@omni/ports';
import { callEvent, EventRates, shownMethod } from './call-events.ts';
import type { NewEvent } from './event.ts';

/** In place of a server where a request is refused before its way is known. */
const NO_SERVER = '';

/** Publishes what policies do to calls, a few times a second of each server; the next says how many more. */
export class RoutingEvents {
  readonly #publish: (event: NewEvent) => void;
  readonly #limited: EventRates;
  readonly #retried: EventRates;
  readonly #shared: EventRates;
  readonly #struck: EventRates;
  readonly #routed: EventRates;
  readonly #unknown: EventRates;

  constructor(publish: (event: NewEvent) => void, clock: Pick<Clock, 'monotonicMs'>) {
    this.#publish = publish;
    this.#limited = new EventRates(clock);
    this.#retried = new EventRates(clock);
    this.#shared = new EventRates(clock);
    this.#struck = new EventRates(clock);
    this.#routed = new EventRates(clock);
    this.#unknown = new EventRates(clock);
  }

  /** A call to an upstream was refused because it came too soon (S000-GRD-02). */
  callLimited(upstream: string, limit: string, retryAfterMs: number, call: UpstreamCall): void {
    const more = this.#limited.of(upstream).pass();
    if (more !== undefined)
      this.#publish(callEvent('request.rate_limited', upstream, call, { limit, retryAfterMs, more }));
  }

  /** A request was refused because its user or its session sends too fast. */
  requestLimited(method: string, principal: Principal, limit: string, retryAfterMs: number): void {
    const more = this.#limited.of(NO_SERVER).pass();
    if (more === undefined) return;
    this.#publish({
      type: 'request.rate_limited',
      subject: { principal: principal.id },
      data: { method: shownMethod(method), limit, retryAfterMs, more },
      acl: { servers: [], minRole: 'owner', principal: principal.id },
    });
  }

  /** One more attempt of a request. */
  retried(
    upstream: string,
    call: Pick<UpstreamCall, 'method' | 'caller' | 'forwardedHeaders'>,
    { attempt, why }: { readonly attempt: number; readonly why: string },
  ): void {
    const more = this.#retried.of(upstream).pass();
    if (more !== undefined)
      this.#publish(callEvent('request.retried', upstream, call, { attempt, why, more }));
  }

  /** More of what was asked of an upstream has failed than may, or no more (S003-RT-11). */
  errorBudget(
    server: string,
    isSpent: boolean,
    data: { readonly share: number; readonly calls: number; readonly failures: number },
  ): void {
    this.#publish({
      type: isSpent ? 'upstream.error_budget_spent' : 'upstream.error_budget_restored',
      subject: { server },
      data: { ...data },
    });
  }

  /** A request waits for the answer of an equal one. */
  shared(upstream: string, call: Pick<UpstreamCall, 'method' | 'caller'>): void {
    const more = this.#shared.of(upstream).pass();
    if (more !== undefined) this.#publish(callEvent('request.coalesced', upstream, call, { more }));
  }

  /** A call was struck by a fault on purpose. @param end - What became of it. */
  struck(upstream: string, end: string, call: UpstreamCall): void {
    const more = this.#struck.of(upstream).pass();
    if (more !== undefined) this.#publish(callEvent('request.fault_injected', upstream, call, { end, more }));
  }

  /**
   * A call goes elsewhere than it usually does.
   *
   * @param upstream - The server that its name leads to.
   */
  routed(
    upstream: string,
    call: Pick<UpstreamCall, 'method' | 'caller' | 'forwardedHeaders'>,
    { name, to, why }: { readonly name: string | undefined; readonly to: string; readonly why: string },
  ): void {
    const more = this.#routed.of(upstream).pass();
    if (more === undefined) return;
    const event = callEvent('request.routed', upstream, call, { to, why, more });
    // Other names may be addresses that a client has made up.
    const isTool = call.method === 'tools/call' && name !== undefined;
    this.#publish(isTool ? { ...event, subject: { ...event.subject, tool: name } } : event);
  }

  /** A call was cut, and nobody knows whether it has run. */
  outcomeUnknown(
    upstream: string,
    call: Pick<UpstreamCall, 'method' | 'caller'>,
    { operation, cause }: { readonly operation: string; readonly cause: string | undefined },
  ): void {
    const more = this.#unknown.of(upstream).pass();
    if (more !== undefined)
      this.#publish(callEvent('request.outcome_unknown', upstream, call, { operation, cause, more }));
  }

  /**
   * Calls to a tool, prompt or resource are kept away, or no more.
   *
   * @param name - May be an address that a client has made up.
   */
  circuit(server: string, kind: string, name: string, state: 'open' | 'closed'): void {
    this.#publish({
      type: state === 'open' ? 'request.circuit_opened' : 'request.circuit_closed',
      subject: { server, ...(kind === 'tools/call' && { tool: name }) },
      data: { kind },
    });
  }
}
