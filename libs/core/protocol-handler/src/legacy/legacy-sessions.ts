import { type Endpoint, isSameEndpoint } from '@omni/model';
import type { RpcMessage } from '@omni/jsonrpc';
import {
  type CancelTimer,
  type Clock,
  type Exchange,
  FairBytes,
  FairPlaces,
  GatewayError,
  type Logger,
  type Occupant,
  type Principal,
  type Share,
} from '@omni/ports';
import { LegacySession, type SessionDependencies } from './legacy-session.ts';
import { isPrimingVersion, negotiateVersion } from './legacy-version.ts';
import { SessionEvents } from '../streams/session-events.ts';
import { unservedBy } from '../request/unserved-endpoint.ts';
import { newSessionId } from './session-id.ts';
import { SessionStream } from '../streams/session-stream.ts';

/** A legacy session over HTTP. Without a stream and a call it gives way when others need its place. */
export interface HttpSession extends Occupant {
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
  readonly logger: Logger;
}

/** How often it is looked for idle sessions in the time after which they end. */
const SWEEPS = 4;
/** Of all sessions together. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/** The legacy sessions over HTTP, by id. */
export class LegacySessions {
  readonly #options: LegacySessionsOptions;
  readonly #sessions = new Map<string, HttpSession>();
  /** For the events that clients may ask for again. */
  readonly #eventBytes = new FairBytes(MAX_EVENT_BYTES);
  readonly #places: FairPlaces;
  #opened = 0;
  #cancelSweep: CancelTimer | undefined;

  constructor(options: LegacySessionsOptions) {
    this.#options = options;
    this.#places = new FairPlaces({
      capacity: options.maxSessions,
      what: 'sessions',
      setting: 'limits.maxSessions',
      clock: options.clock,
    });
  }

  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Takes a place for a session, of HTTP+SSE too; sessions that were left behind make room.
   *
   * @returns What {@link leave} takes.
   */
  admit(principal: Principal): Share | GatewayError {
    if (this.#places.isFull) this.#sweep();
    return this.#places.takeOver(principal, this.#sessions.values());
  }

  leave(share: Share): void {
    this.#places.leave(share);
  }

  open(initialize: RpcMessage, principal: Principal, endpoint: Endpoint): HttpSession | GatewayError {
    const { clock, sessionIdleMs, views } = this.#options;
    const unserved = unservedBy(views, endpoint);
    if (unserved !== undefined) return unserved;
    const share = this.admit(principal);
    // guard: session/count
    if (share instanceof GatewayError) return share;
    const { ticker } = this.#options;
    const events = new SessionEvents({
      ticker,
      budget: this.#eventBytes,
      sharer: share.sharer,
      isPriming: /* guard: session/priming */ isPrimingVersion(negotiateVersion(initialize)),
    });
    const standalone = new SessionStream(ticker, events);
    const session = new LegacySession(initialize, {
      dependencies: this.#options,
      key: `http-${++this.#opened}`,
      principal,
      endpoint,
      outlet: standalone,
      leftover: {
        isIdle: () => !isBusy(opened),
        giveWay: () => opened.giveWay(),
      },
      answersApart: true,
    });
    const opened: HttpSession = {
      id: newSessionId(),
      session,
      events,
      standalone,
      share,
      lastSeenMs: clock.monotonicMs(),
      get idleSinceMs() {
        return isBusy(opened) ? undefined : opened.lastSeenMs;
      },
      giveWay: () => this.#giveWay(opened),
    };
    this.#sessions.set(opened.id, opened);
    this.#cancelSweep ??= clock.after(sessionIdleMs / SWEEPS, this.#sweepLater);
    return opened;
  }

  /**
   * The session, when it exists, belongs to this principal and to this endpoint; the three cases look alike
   * from outside.
   */
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

  /**
   * Opens the standalone stream of a session, in place of one that is open: a proxy may hold that for a
   * client that is long gone.
   */
  listen(found: HttpSession, exchange: Exchange): undefined {
    found.standalone.open(exchange);
  }

  /**
   * Goes on with the stream that an event belongs to, and with no other. An id that was never given out is
   * not heeded.
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
    if (!this.#sessions.delete(found.id)) return;
    this.#places.leave(found.share);
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

  #giveWay(found: HttpSession): void {
    const { key, client } = found.session;
    const idleMs = Math.max(0, Math.round(this.#options.clock.monotonicMs() - found.lastSeenMs));
    this.#options.logger.info(
      { sessionId: key, user: client.principal.id, idleMs },
      'an idle session was ended to make room for others',
    );
    this.end(found);
  }
}

/** A session that is waited for. */
function isBusy({ session, standalone }: HttpSession): boolean {
  return /* guard: session/busy */ session.calls.size > 0 || standalone.isOpen;
}
