import { GatewayError, type CancelTimer, type Clock, type Exchange, type Principal } from '@omni/ports';
import type { RpcMessage } from '@omni/wire';
import { LegacySession, type SessionSurroundings } from './legacy-session.ts';
import { SessionStream } from './session-stream.ts';

/** A legacy session over HTTP. */
export interface HttpSession {
  /** What the client shows: 128 random bits, known to nobody else. */
  readonly id: string;
  readonly session: LegacySession;
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
      if (this.#sessions.size >= maxSessions) return new GatewayError('OMNI_OVERLOADED', `At most ${maxSessions} sessions can be open (limits.maxSessions)`);
    }
    const stream = new SessionStream(this.#options.ticker);
    const session = new LegacySession(initialize, {
      ...this.#options,
      key: `http-${++this.#opened}`,
      principal,
      scope,
      send: (text) => void stream.send(text),
      sendQuestion: (text) => stream.sendNow(text),
    });
    const opened: HttpSession = { id: randomId(), session, stream, lastSeenMs: clock.monotonicMs() };
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
    found.stream.open(exchange, () => {
      found.lastSeenMs = this.#options.clock.monotonicMs();
    });
    return undefined;
  }

  /** @param reason - What running calls are answered with; without it they get no answer. */
  end(found: HttpSession, reason?: GatewayError): void {
    this.#sessions.delete(found.id);
    found.session.end(reason);
    found.stream.end();
  }

  /** @param reason - What running calls are answered with. */
  stop(reason: GatewayError): void {
    this.#cancelSweep?.();
    for (const found of [...this.#sessions.values()]) this.end(found, reason);
  }

  readonly #sweepLater = (): void => {
    this.#sweep();
    this.#cancelSweep = this.#sessions.size === 0 ? undefined : this.#options.clock.after(this.#options.sessionIdleMs / 4, this.#sweepLater);
  };

  #sweep(): void {
    const oldest = this.#options.clock.monotonicMs() - this.#options.sessionIdleMs;
    for (const found of [...this.#sessions.values()]) {
      if (found.lastSeenMs <= oldest && found.session.inFlight === 0 && !found.stream.isOpen) this.end(found);
    }
  }
}

function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
