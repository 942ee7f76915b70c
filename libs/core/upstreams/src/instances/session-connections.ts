import { rawOf } from '@omni/jsonrpc';
import type { ClientBinding } from '@omni/model';
import { type Clock, FairPlaces, GatewayError, type Logger } from '@omni/ports';
import { LazyConnection, type OnConnection } from './lazy-connection.ts';
import type { OpenConnection } from '../connection/open-connection.ts';
import { SessionInstance } from './session-instance.ts';

const ROOTS_CHANGED = 'notifications/roots/list_changed';

export interface SessionConnectionsOptions {
  readonly upstream: string;
  readonly maxInstances: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether somebody watches a resource on the connection. */
  readonly isWatched: (connection: OpenConnection) => boolean;
  /** Whether a session's instance hears that its client has other folders now. */
  readonly passesRoots: boolean;
  /** Opens a connection of the session's own; returns what gives the attempt up. */
  readonly open: (binding: ClientBinding, done: OnConnection) => () => void;
}

/** The connections of one upstream that belong to one session each, or to equal clients of one principal. */
export class SessionConnections {
  readonly #options: SessionConnectionsOptions;
  readonly #connections = new Map<string, SessionInstance>();
  readonly #places: FairPlaces;
  /**
   * Sessions that are listened to, with what stops that; a session may open its connection more than once.
   */
  readonly #watched = new Map<ClientBinding, () => void>();
  /** What is opened for a session that has ended would never be closed. */
  readonly #ended = new WeakSet<ClientBinding>();

  constructor(options: SessionConnectionsOptions) {
    this.#options = options;
    const { upstream, maxInstances, clock } = options;
    this.#places = new FairPlaces({
      capacity: maxInstances,
      what: `instances of "${upstream}"`,
      setting: 'limits.maxInstances',
      clock,
    });
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Calls under way on all of them. */
  get inFlight(): number {
    return [...this.#connections.values()].reduce((sum, { lazy }) => sum + lazy.inFlight, 0);
  }

  /** Whether there is room for no further session. */
  get isFull(): boolean {
    return this.#places.isFull;
  }

  /** @param done - Called before this returns when the session's connection is open. */
  connectionFor(binding: ClientBinding, done: OnConnection): void {
    const instance = this.#connections.get(binding.key) ?? this.#add(binding);
    if (instance instanceof GatewayError) return done(instance);
    instance.lastUsedMs = this.#options.clock.monotonicMs();
    instance.lazy.get(binding.principal, (result) => {
      // One that did not come up does not count; who may not wait for it says nothing of it.
      if (result instanceof GatewayError && instance.lazy.isClosed) this.#remove(instance);
      done(result);
    });
  }

  /** The session's connection, when it is open. */
  connectionOf(binding: ClientBinding): OpenConnection | undefined {
    return this.#connections.get(binding.key)?.lazy.connection;
  }

  /** Those that are open. */
  get open(): readonly OpenConnection[] {
    return [...this.#connections.values()].flatMap(({ lazy }) => lazy.connection ?? []);
  }

  /** Whether the session has a connection, or will have one soon. */
  has(binding: ClientBinding): boolean {
    return this.#connections.has(binding.key);
  }

  isOpening(binding: ClientBinding): boolean {
    const instance = this.#connections.get(binding.key);
    return instance !== undefined && instance.lazy.connection === undefined;
  }

  /** Closes the session's connection; the next use opens another. */
  drop(binding: ClientBinding): void {
    this.#close(binding, 'The instance was not used');
  }

  /**
   * Closes the instances of sessions that were without a stream and a call since a time; their next uses open
   * others.
   */
  dropIdle(sinceMs: number): void {
    const { clock, upstream, logger } = this.#options;
    for (const instance of [...this.#connections.values()]) {
      if (instance.idleSinceMs === undefined) instance.lastUsedMs = clock.monotonicMs();
      else if (/* guard: instance/idle-session */ instance.idleSinceMs <= sinceMs) {
        logger.info(
          { upstream, sessionId: instance.binding.key },
          'the instance of an idle session is closed',
        );
        this.drop(instance.binding);
      }
    }
  }

  /** A connection broke by itself. */
  onClosed(connection: OpenConnection): void {
    if (connection.binding === undefined) return;
    const instance = this.#connections.get(connection.binding.key);
    if (instance?.lazy.connection !== connection) return;
    instance.lazy.forget();
    this.#remove(instance);
  }

  async close(error: GatewayError): Promise<void> {
    for (const release of this.#watched.values()) release();
    this.#watched.clear();
    const instances = [...this.#connections.values()];
    for (const instance of instances) this.#remove(instance);
    await Promise.all(instances.map(({ lazy }) => lazy.close(error)));
  }

  #add(binding: ClientBinding): SessionInstance | GatewayError {
    if (this.#ended.has(binding)) return endedError();
    const { upstream, open, clock, isWatched } = this.#options;
    const share = this.#places.takeOver(binding.principal, this.#connections.values());
    // guard: instance/count
    if (share instanceof GatewayError) return share;
    const lazy = new LazyConnection({ upstream, clock, open: (opened) => open(binding, opened) });
    const instance = new SessionInstance({ binding, lazy, share, isWatched });
    this.#connections.set(binding.key, instance);
    this.#watch(binding);
    // It may have been told just now that the session had ended before: nobody would close what it opened.
    return /* guard: instance/ended-before */ this.#ended.has(binding) ? endedError() : instance;
  }

  #watch(binding: ClientBinding): void {
    if (this.#watched.has(binding)) return;
    const releases: (() => void)[] = [];
    this.#watched.set(binding, () => {
      for (const release of releases) release();
    });
    releases.push(
      binding.addClientNotificationListener((notification) => {
        // guard: roots/changed
        if (notification.method === ROOTS_CHANGED && !this.#options.passesRoots) return;
        this.#connections
          .get(binding.key)
          ?.lazy.connection?.notify(notification.method, rawOf(notification, notification.params) ?? '');
      }),
      // It may have ended already, and say so at once.
      binding.onEnd(() => {
        this.#watched.delete(binding);
        this.#ended.add(binding);
        this.#close(binding, 'The session has ended');
      }),
    );
  }

  #close(binding: ClientBinding, why: string): void {
    const instance = this.#connections.get(binding.key);
    if (instance === undefined) return;
    this.#remove(instance);
    void instance.lazy.close(new GatewayError('OMNI_CANCELLED', why));
  }

  #remove(instance: SessionInstance): void {
    const { key } = instance.binding;
    if (this.#connections.get(key) !== instance) return;
    this.#connections.delete(key);
    this.#places.leave(instance.share);
  }
}

function endedError(): GatewayError {
  return new GatewayError('OMNI_CANCELLED', 'The session has ended');
}
