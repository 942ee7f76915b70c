import { GatewayError, type CancelTimer, type Clock, type Exchange, type Principal } from '@omni/ports';
import type { RpcMessage } from '@omni/wire';
import { LegacySession, type SessionSurroundings } from './legacy-session.ts';
import { isPrimingVersion } from './protocol-versions.ts';
import { EventBudget, SessionEvents } from './session-events.ts';
import { newSessionId } from './session-id.ts';
import { SessionStream } from './session-stream.ts';

/** A legacy session over HTTP. */
export interface HttpSession {
  /** What the client shows: 128 random bits, known to nobody else. */
  readonly id: string;
  readonly session: LegacySession;
  /** All streams of the session, for clients that lose a connection. */
  readonly events: SessionEvents;
  /** The one that belongs to no request. */
  readonly stream: SessionStream;
  lastSeenMs: number;
}

export interface LegacySessionsOptions extends SessionSurroundings {
  readonly clock: Clock;
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
}

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

  open(initialize: RpcMessage, principal: Principal, scope: string | undefined): HttpSession | GatewayError {
    const { maxSessions, clock, sessionIdleMs } = this.#options;
    if (this.#sessions.size >= maxSessions) {
      this.#sweep();
      if (this.#sessions.size >= maxSessions)
        return new GatewayError('OMNI_OVERLOADED', `At most ${maxSessions} sessions can be open (limits.maxSessions)`);
    }
    const session: LegacySession = new LegacySession(initialize, {
      surroundings: this.#options,
      key: `http-${++this.#opened}`,
      principal,
      scope,
      send: (text) => void stream.send(text),
      sendQuestion: (text) => stream.sendNow(text),
    });
    const { ticker } = this.#options;
    const events = new SessionEvents({ ticker, budget: this.#budget, isPriming: isPrimingVersion(session.version) });
    const stream = new SessionStream(ticker, events);
    const opened: HttpSession = { id: newSessionId(), session, events, stream, lastSeenMs: clock.monotonicMs() };
    this.#sessions.set(opened.id, opened);
    this.#cancelSweep ??= clock.after(sessionIdleMs, this.#sweepLater);
    return opened;
  }

  /** The session, when it exists, belongs to this principal and to this endpoint; the three cases look alike from outside. */
  find(id: string, principal: Principal, scope: string | undefined): HttpSession | GatewayError {
    const found = this.#sessions.get(id);
    if (found === undefined || found.session.client.principal.id !== principal.id || found.session.client.scope !== scope) {
      return new GatewayError('OMNI_SESSION_UNKNOWN', 'There is no such session');
    }
    found.lastSeenMs = this.#options.clock.monotonicMs();
    return found;
  }

  /** Opens the standalone stream of a session. */
  listen(found: HttpSession, exchange: Exchange): GatewayError | undefined {
    if (found.stream.isOpen) return new GatewayError('OMNI_STREAM_CONFLICT', 'The session already has an open GET stream');
    this.#open(found, exchange);
    return undefined;
  }

  /**
   * Goes on with the stream that an event belongs to, and with no other. An id that was never given out is not heeded.
   *
   * @see MCP 2025-11-25, basic/transports, "Resumability and Redelivery".
   */
  resume(found: HttpSession, exchange: Exchange, lastEventId: string): GatewayError | undefined {
    const point = found.events.find(lastEventId);
    if (point === undefined) return this.listen(found, exchange);
    if (point === 'over') return new GatewayError('OMNI_STREAM_OVER', 'Everything on this stream was sent, or is not kept any more');
    if (found.stream.owns(point.stream)) {
      this.#open(found, exchange, point.seq);
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
    found.stream.end();
    found.events.release();
  }

  /** @param reason - What running calls are answered with. */
  stop(reason: GatewayError): void {
    this.#cancelSweep?.();
    for (const found of [...this.#sessions.values()]) this.end(found, reason);
  }

  #open(found: HttpSession, exchange: Exchange, afterSeq?: number): void {
    const onClosed = (): void => {
      found.lastSeenMs = this.#options.clock.monotonicMs();
    };
    found.stream.open(exchange, onClosed, afterSeq);
  }

  readonly #sweepLater = (): void => {
    this.#sweep();
    this.#cancelSweep =
      this.#sessions.size === 0 ? undefined : this.#options.clock.after(this.#options.sessionIdleMs / 4, this.#sweepLater);
  };

  #sweep(): void {
    const oldest = this.#options.clock.monotonicMs() - this.#options.sessionIdleMs;
    for (const found of [...this.#sessions.values()]) {
      if (found.lastSeenMs <= oldest && found.session.inFlight === 0 && !found.stream.isOpen) this.end(found);
    }
  }
}
