import { rawOf } from '@omni/jsonrpc';
import type { ClientBinding } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { LazyConnection, type OnConnection } from './lazy-connection.ts';
import type { OpenConnection } from '../connection/open-connection.ts';

/** Most that wait for one instance to start. */
const MAX_WAITING = 256;

export interface SessionConnectionsOptions {
  readonly upstream: string;
  readonly maxInstances: number;
  /** Opens a connection of the session's own; returns what gives the attempt up. */
  readonly open: (binding: ClientBinding, done: OnConnection) => () => void;
}

/** The connections of one upstream that belong to one session each, or to equal clients of one principal. */
export class SessionConnections {
  readonly #options: SessionConnectionsOptions;
  readonly #connections = new Map<string, LazyConnection>();
  /** Sessions that are listened to, with what stops that; a session may open its connection more than once. */
  readonly #watched = new Map<ClientBinding, () => void>();
  /** What is opened for a session that has ended would never be closed. */
  readonly #ended = new WeakSet<ClientBinding>();

  constructor(options: SessionConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Calls under way on all of them. */
  get inFlight(): number {
    return [...this.#connections.values()].reduce((sum, lazy) => sum + lazy.inFlight, 0);
  }

  /** Whether there is room for no further session. */
  get isFull(): boolean {
    return this.#connections.size >= this.#options.maxInstances;
  }

  /** @param done - Called before this returns when the session's connection is open. */
  connectionFor(binding: ClientBinding, done: OnConnection): void {
    const lazy = this.#connections.get(binding.key) ?? this.#add(binding);
    if (lazy instanceof GatewayError) return done(lazy);
    // guard: instances/waiting
    if (lazy.connection === undefined && lazy.inFlight >= MAX_WAITING)
      return done(
        new GatewayError(
          'OMNI_OVERLOADED',
          `${MAX_WAITING} calls wait for an instance of "${this.#options.upstream}" to start already`,
        ),
      );
    lazy.get((result) => {
      if (result instanceof GatewayError) this.#forget(binding.key, lazy);
      done(result);
    });
  }

  /** The session's connection, when it is open. */
  connectionOf(binding: ClientBinding): OpenConnection | undefined {
    return this.#connections.get(binding.key)?.connection;
  }

  /** Those that are open. */
  get open(): readonly OpenConnection[] {
    return [...this.#connections.values()].flatMap(({ connection }) => connection ?? []);
  }

  /** Whether the session has a connection, or will have one soon. */
  has(binding: ClientBinding): boolean {
    return this.#connections.has(binding.key);
  }

  isOpening(binding: ClientBinding): boolean {
    const lazy = this.#connections.get(binding.key);
    return lazy !== undefined && lazy.connection === undefined;
  }

  /** Closes the session's connection; the next use opens another. */
  drop(binding: ClientBinding): void {
    const lazy = this.#connections.get(binding.key);
    this.#connections.delete(binding.key);
    void lazy?.close(new GatewayError('OMNI_CANCELLED', 'The instance was not used'));
  }

  /** A connection broke by itself. */
  onClosed(connection: OpenConnection): void {
    if (connection.binding === undefined) return;
    const lazy = this.#connections.get(connection.binding.key);
    if (lazy?.connection !== connection) return;
    lazy.forget();
    this.#connections.delete(connection.binding.key);
  }

  async close(error: GatewayError): Promise<void> {
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    for (const release of this.#watched.values()) release();
    this.#watched.clear();
    await Promise.all(connections.map((lazy) => lazy.close(error)));
  }

  #add(binding: ClientBinding): LazyConnection | GatewayError {
    if (this.#ended.has(binding)) return new GatewayError('OMNI_CANCELLED', 'The session has ended');
    const { upstream, open } = this.#options;
    // guard: instance/count
    if (this.isFull)
      return new GatewayError(
        'OMNI_OVERLOADED',
        `"${upstream}" serves ${this.#connections.size} clients already, each with an instance of its own (limits.maxInstances)`,
      );
    const lazy = new LazyConnection((opened) => open(binding, opened));
    this.#connections.set(binding.key, lazy);
    this.#watch(binding);
    return lazy;
  }

  #watch(binding: ClientBinding): void {
    if (this.#watched.has(binding)) return;
    const releases: (() => void)[] = [];
    this.#watched.set(binding, () => {
      for (const release of releases) release();
    });
    releases.push(
      binding.addClientNotificationListener((notification) => {
        this.#connections
          .get(binding.key)
          ?.connection?.notify(notification.method, rawOf(notification, notification.params) ?? '');
      }),
      // It may have ended already, and say so at once.
      binding.onEnd(() => {
        this.#watched.delete(binding);
        this.#ended.add(binding);
        const lazy = this.#connections.get(binding.key);
        this.#connections.delete(binding.key);
        void lazy?.close(new GatewayError('OMNI_CANCELLED', 'The session has ended'));
      }),
    );
  }

  /** An instance that did not come up does not count. */
  #forget(key: string, lazy: LazyConnection): void {
    if (this.#connections.get(key) === lazy) this.#connections.delete(key);
  }
}
