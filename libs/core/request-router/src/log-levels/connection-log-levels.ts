import type { RpcMessage } from '@omni/jsonrpc';
import { type ClientBinding, IGNORED, type UpstreamConnection } from '@omni/model';
import type { Clock } from '@omni/ports';
import { mostVerbose } from './log-levels.ts';
import { levelCall, offersLogging } from './set-level.ts';

/** A server that does not acknowledge its level holds calls up no longer than this. */
const ACKNOWLEDGE_MS = 1_000;

/** The level of one connection. */
interface LevelState {
  /** What the server said of itself; another greeting is another session, whose level is not set. */
  handshake: RpcMessage;
  isOffered: boolean;
  sent: string | undefined;
  readonly wanted: Map<object, string>;
  /** Calls that wait until the server has taken the level. */
  waiting: (() => void)[] | undefined;
}

/**
 * Log levels of legacy connections. A server has one for each connection, so it is told the most verbose that
 * anybody on it wants now; each client is shown its own part.
 *
 * @see MCP 2025-11-25, server/utilities/logging, "Setting Log Level".
 */
export class ConnectionLogLevels {
  readonly #clock: Clock;
  readonly #levelStates = new WeakMap<UpstreamConnection, LevelState>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Sees to it that the server sends what `holder` wants, until {@link drop}.
   *
   * @param ready - Called once the server knows, at once when it does already.
   */
  want(connection: UpstreamConnection, holder: object, level: string, ready: () => void): void {
    const levelState = this.#levelStateOf(connection);
    if (!levelState.isOffered) return ready();
    levelState.wanted.set(holder, level);
    const target = mostVerbose(levelState.wanted.values());
    if (target === levelState.sent || target === undefined) {
      if (levelState.waiting === undefined) ready();
      else levelState.waiting.push(ready);
      return;
    }
    this.#send(connection, levelState, target, ready);
  }

  /** The same for a session, until it ends. */
  wantForSession(
    connection: UpstreamConnection,
    session: ClientBinding,
    level: string,
    ready: () => void,
  ): void {
    const { wanted, isOffered } = this.#levelStateOf(connection);
    const isNew = isOffered && !wanted.has(session);
    this.want(connection, session, level, ready);
    // A connection of its own ends with the session, and may be one of many.
    if (isNew && connection.binding !== session) session.onEnd(() => this.drop(connection, session));
  }

  /** The level is lowered with the next wish: what comes too much is filtered anyway. */
  drop(connection: UpstreamConnection, holder: object): void {
    this.#levelStates.get(connection)?.wanted.delete(holder);
  }

  #levelStateOf(connection: UpstreamConnection): LevelState {
    let levelState = this.#levelStates.get(connection);
    if (levelState === undefined) {
      levelState = {
        handshake: connection.handshake,
        isOffered: offersLogging(connection.handshake),
        sent: undefined,
        wanted: new Map(),
        waiting: undefined,
      };
      this.#levelStates.set(connection, levelState);
    } else if (levelState.handshake !== connection.handshake) {
      levelState.handshake = connection.handshake;
      levelState.isOffered = offersLogging(connection.handshake);
      levelState.sent = undefined;
    }
    return levelState;
  }

  #send(connection: UpstreamConnection, levelState: LevelState, level: string, ready: () => void): void {
    const waiting = [...(levelState.waiting ?? []), ready];
    levelState.sent = level;
    levelState.waiting = waiting;
    const proceed = (): void => {
      cancelTimer();
      // A later level has taken over those who wait.
      if (levelState.waiting !== waiting) return;
      levelState.waiting = undefined;
      for (const listener of waiting) listener();
    };
    const cancelTimer = this.#clock.after(ACKNOWLEDGE_MS, proceed);
    connection.send(levelCall(`{"level":${JSON.stringify(level)}}`), {
      ...IGNORED,
      onAnswer: proceed,
      onFailure: proceed,
    });
  }
}
