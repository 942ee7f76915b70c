import { type Endpoint, isSameEndpoint } from '@omni/model';
import type { RpcMessage } from '@omni/jsonrpc';
import { type CancelTimer, type Clock, type Exchange, GatewayError, type Principal } from '@omni/ports';
import { LegacySession, type SessionDependencies } from './legacy-session.ts';
import { isPrimingVersion, negotiateVersion } from './legacy-version.ts';
import { EventBudget, SessionEvents } from '../streams/session-events.ts';
import { newSessionId } from './session-id.ts';
import { SessionStream } from '../streams/session-stream.ts';

/** A legacy session over HTTP. */
export interface HttpSession {
  /** What the client shows: 128 random bits, known to nobody else. */
  readonly id: string;
  readonly session: LegacySession;
  /** All streams of the session, for clients that lose a connection. */
  readonly events: SessionEvents;
  /** The one that belongs to no request. */
  readonly standalone: SessionStream;
  /** Of a session that was busy when last looked at: later than now. */
  lastSeenMs: number;
}

export interface LegacySessionsOptions extends SessionDependencies {
  readonly clock: Clock;
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  /** How many sessions there are beside these: all together are limited. Default: none. */
  readonly countOthers?: () => number;
}

/** How often it is looked for idle sessions in the time after which they end. */
const SWEEPS = 4;
/** When there is no room, a session that was idle for so long makes way for another one of its user. */
const REPLACEABLE_AFTER_MS = 60_000;

/** The legacy sessions over HTTP, by id. */
export class LegacySessions {
  readonly #options: LegacySessionsOptions;
  readonly #sessions = new Map<string, HttpSession>();
  readonly #budget = new EventBudget();
  #opened = 0;
  #cancelSweep: CancelTimer | undefined;

  constructor(options: LegacySessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  open(initialize: RpcMessage, principal: Principal, endpoint: Endpoint): HttpSession | GatewayError {
    const { maxSessions, clock, sessionIdleMs } = this.#options;
    if (this.#isFull()) {
      this.#sweep();
      if (this.#isFull()) this.#endIdlestOf(principal);
      // guard: session/count
      if (this.#isFull()) return tooManySessions(maxSessions);
    }
    const { ticker } = this.#options;
    const events = new SessionEvents({
      ticker,
      budget: this.#budget,
      isPriming: /* guard: session/priming */ isPrimingVersion(negotiateVersion(initialize)),
    });
    const standalone = new SessionStream(ticker, events);
    const session = new LegacySession(initialize, {
      dependencies: this.#options,
      key: `http-${++this.#opened}`,
      principal,
      endpoint,
      outlet: standalone,
    });
    const opened: HttpSession = {
      id: newSessionId(),
      session,
      events,
      standalone,
      lastSeenMs: clock.monotonicMs(),
    };
    this.#sessions.set(opened.id, opened);
    this.#cancelSweep ??= clock.after(sessionIdleMs / SWEEPS, this.#sweepLater);
    return opened;
  }

  #isFull(): boolean {
    const { maxSessions, countOthers = () => 0 } = this.#options;
    return this.#sessions.size + countOthers() >= maxSessions;
  }

  /** The session, when it exists, belongs to this principal and to this endpoint; the three cases look alike from outside. */
  find(id: string, principal: Principal, endpoint: Endpoint): HttpSession | GatewayError {
    const found = this.#sessions.get(id);
    if (
      found === undefined ||
      /* guard: session/principal */ found.session.client.principal.id !== principal.id ||
      /* guard: advisory/CVE-2026-52869, session/scope */ !isSameEndpoint(
        found.session.client.endpoint,
        endpoint,
      )
    ) {
      return new GatewayError('OMNI_SESSION_UNKNOWN', 'There is no such session');
    }
    found.lastSeenMs = Math.max(found.lastSeenMs, this.#options.clock.monotonicMs());
    return found;
  }

  /** Opens the standalone stream of a session, in place of one that is open: a proxy may hold that for a client that is long gone. */
  listen(found: HttpSession, exchange: Exchange): undefined {
    found.standalone.open(exchange);
  }

  /**
   * Goes on with the stream that an event belongs to, and with no other. An id that was never given out is not heeded.
   *
   * @see MCP 2025-11-25, basic/transports, "Resumability and Redelivery".
   */
  resume(found: HttpSession, exchange: Exchange, lastEventId: string): GatewayError | undefined {
    const point = found.events.find(lastEventId);
    if (point === undefined) return this.listen(found, exchange);
    if (point === 'over')
      return new GatewayError('OMNI_STREAM_OVER', 'Everything on this stream was sent, or is no longer kept');
    if (found.standalone.owns(point.stream)) {
      found.standalone.open(exchange, point.seq);
      return undefined;
    }
    point.stream.resume(exchange, point.seq);
    exchange.onGone(() => point.stream.onGone(exchange));
    return undefined;
  }

  /** @param reason - What running calls are answered with; without it they get no answer. */
  end(found: HttpSession, reason?: GatewayError): void {
    this.#sessions.delete(found.id);
    found.session.end(reason);
    found.standalone.end();
    found.events.release();
  }

  /** @param reason - What running calls are answered with. */
  stop(reason: GatewayError): void {
    this.#cancelSweep?.();
    for (const found of [...this.#sessions.values()]) this.end(found, reason);
  }

  readonly #sweepLater = (): void => {
    this.#sweep();
    const { clock, sessionIdleMs } = this.#options;
    this.#cancelSweep =
      this.#sessions.size === 0 ? undefined : clock.after(sessionIdleMs / SWEEPS, this.#sweepLater);
  };

  #sweep(): void {
    const { clock, sessionIdleMs } = this.#options;
    const now = clock.monotonicMs();
    for (const found of [...this.#sessions.values()]) {
      // It may be busy until the next look: a client has its whole time from the end of a long call on.
      if (isBusy(found)) found.lastSeenMs = now + sessionIdleMs / SWEEPS;
      else if (/* guard: session/idle */ found.lastSeenMs <= now - sessionIdleMs) this.end(found);
    }
  }

  /** Its client has to begin again; others could not begin at all. Nobody takes the room of another user. */
  #endIdlestOf(principal: Principal): void {
    let idlest: HttpSession | undefined;
    for (const found of this.#sessions.values()) {
      if (
        isBusy(found) ||
        /* guard: session/room-of-others */ found.session.client.principal.id !== principal.id
      )
        continue;
      if (idlest === undefined || found.lastSeenMs < idlest.lastSeenMs) idlest = found;
    }
    if (
      idlest !== undefined &&
      /* guard: session/room-soon */ idlest.lastSeenMs <=
        this.#options.clock.monotonicMs() - REPLACEABLE_AFTER_MS
    )
      this.end(idlest);
  }
}

/** A session that is waited for. */
function isBusy({ session, standalone }: HttpSession): boolean {
  return /* guard: session/busy */ session.calls.size > 0 || standalone.isOpen;
}

export function tooManySessions(maxSessions: number): GatewayError {
  return new GatewayError(
    'OMNI_OVERLOADED',
    `At most ${maxSessions} sessions can be open (limits.maxSessions)`,
  );
}
