import type { RpcMessage } from '@omni/jsonrpc';
import {
  capabilitiesAcrossEras,
  type ClientBinding,
  type ClientContext,
  type UpstreamConnection,
} from '@omni/model';
import {
  type CancelTimer,
  type ComponentStatus,
  type CredentialValues,
  type Era,
  GatewayError,
  type UpstreamSpec,
} from '@omni/ports';
import { connect, isOutdated } from './connect.ts';
import { OTHER_ERA_STATUSES } from './connection/era-memory.ts';
import type { InstanceUse } from './instances/instance-use.ts';
import { PersistentSubscription } from './subscriptions/persistent-subscription.ts';
import { LazyConnection, type OnConnection } from './instances/lazy-connection.ts';
import type { ListSource } from './list-source.ts';
import { ListWatch } from './subscriptions/list-watch.ts';
import { speaksLegacyToo } from './connection/mcp-revision.ts';
import type {
  ConnectionContext,
  ConnectionEvents,
  ConnectionOptions,
  ListKind,
  OpenConnection,
} from './connection/open-connection.ts';
import { OwnInstances } from './instances/own-instances.ts';
import { RetiredConnections } from './instances/retired-connections.ts';
import { UpstreamCredentials } from './connection/upstream-credentials.ts';
import { ResourceSubscriptions } from './subscriptions/resource-subscriptions.ts';
import type { OnResourceUpdated, OnSubscribed } from './subscriptions/resource-watch.ts';
import { Backoff } from './connection/backoff.ts';
import { statusOf, type UpstreamState } from './lifecycle/upstream-state.ts';

/** Told what happens to upstreams. */
export interface UpstreamObserver {
  onStateChanged(upstream: Upstream): void;
  /** The shared connection is open: what the upstream offers can be listed. */
  onReady(upstream: Upstream, connection: UpstreamConnection): void;
  /** @param source - Where it was told; its connection has an binding when it is not shared by all clients. */
  onListsChanged(upstream: Upstream, kinds: ReadonlySet<ListKind>, source: ListSource): void;
}

export interface UpstreamOptions {
  readonly spec: UpstreamSpec;
  readonly context: ConnectionContext;
  readonly observer: UpstreamObserver;
}

/** Told a connection of this upstream, or why there is none. */
type OnFound = (result: UpstreamConnection | GatewayError) => void;

/** Someone who wants a connection as soon as the upstream is ready. */
interface Waiter {
  readonly onReady: (primary: OpenConnection) => void;
  readonly onFailure: (error: GatewayError) => void;
  readonly cancelTimer: CancelTimer;
}

/** Longest wait of a call for an upstream that is starting. */
const MAX_START_WAIT_MS = 10_000;
/** Failures of `initialize` that say that it is not spoken; others may pass. */
const NOT_LEGACY: ReadonlySet<string> = new Set([
  'OMNI_UPSTREAM_PROTOCOL',
  'OMNI_UPSTREAM_ERA',
  'OMNI_UPSTREAM_EXITED',
  'OMNI_UPSTREAM_TIMEOUT',
]);

/** One configured upstream: kept connected, restarted when it breaks, with the right connection for every client. */
export class Upstream {
  readonly spec: UpstreamSpec;
  readonly #context: ConnectionContext;
  readonly #observer: UpstreamObserver;
  readonly #events: ConnectionEvents;
  readonly #backoff: Backoff;
  readonly #subscriptions: ResourceSubscriptions;
  /** Those of clients; each is made again when the instance that it was made on is gone. */
  readonly #persistent = new Set<PersistentSubscription>();
  readonly #own: OwnInstances;
  /** A legacy connection that clients share beside a modern primary one. */
  readonly #legacyShared: LazyConnection;
  /** Those that still have calls of their own. */
  readonly #retired: RetiredConnections;
  readonly #credentials: UpstreamCredentials;
  readonly #waiters = new Set<Waiter>();
  #state: UpstreamState;
  #primary: OpenConnection | undefined;
  /** The primary connection before the present one, for what has to move. */
  #formerPrimary: OpenConnection | undefined;
  #readyAtMs = 0;
  #listWatch: ListWatch | undefined;
  #speaksLegacy: 'yes' | 'no' | 'untried' = 'untried';
  #abortConnect: (() => void) | undefined;
  #cancelRetry: CancelTimer | undefined;
  /** Of what leads to another primary connection in the place of one that works: an attempt, or the pause before. */
  #cancelReplacement: CancelTimer | undefined;
  /** What open streams were opened with. */
  #streamHeaders: CredentialValues;

  constructor({ spec, context, observer }: UpstreamOptions) {
    this.spec = spec;
    this.#context = context;
    this.#observer = observer;
    this.#backoff = new Backoff(context.random);
    this.#subscriptions = new ResourceSubscriptions(spec.name, context);
    this.#retired = new RetiredConnections(context.clock);
    this.#credentials = new UpstreamCredentials({ spec, ...context, provider: context.credentials });
    this.#streamHeaders = this.#credentials.headers;
    this.#events = {
      onClosed: (connection, reason) => this.#onConnectionClosed(connection, reason),
      onListsChanged: (connection, kind) =>
        observer.onListsChanged(this, new Set([kind]), this.#sourceAt(connection)),
      onResourceUpdated: (connection, uri, message: RpcMessage) =>
        this.#subscriptions.tell(connection, uri, message),
      onReinitialized: (connection) => this.#subscriptions.move(connection, connection),
    };
    const open = (
      binding: ClientBinding | undefined,
      era: Era | undefined,
      done: OnConnection,
    ): (() => void) => connect({ ...this.#connectOptions(), binding, era }, done);
    this.#legacyShared = new LazyConnection((done) => open(undefined, 'legacy', done));
    this.#own = new OwnInstances({
      spec,
      clock: context.clock,
      maxInstances: context.limits.maxInstances,
      open: (binding, done) => open(binding, 'legacy', done),
      isWatched: (connection) => this.#subscriptions.isWatched(connection),
    });
    const since = Date.now();
    this.#state = spec.enabled
      ? { phase: 'stopped', since }
      : { phase: 'disabled', since, reason: spec.disabledReason ?? 'it is disabled in the configuration' };
  }

  get name(): string {
    return this.spec.name;
  }

  get state(): UpstreamState {
    return this.#state;
  }

  /** The shared connection; `undefined` unless the upstream is ready. */
  get connection(): UpstreamConnection | undefined {
    return this.#primary;
  }

  /** Connects and keeps connected. Does nothing when it is disabled or started. */
  start(): void {
    if (this.#state.phase === 'stopped') this.#connect();
  }

  /** Ends every connection; what runs fails with `OMNI_UPSTREAM_DOWN`. */
  async stop(): Promise<void> {
    if (this.#state.phase === 'disabled' || this.#state.phase === 'stopped') return;
    const error = new GatewayError('OMNI_UPSTREAM_DOWN', `"${this.name}" was stopped`);
    this.#abortConnect?.();
    this.#cancelRetry?.();
    this.#cancelReplacement?.();
    this.#credentials.stop();
    this.#listWatch?.stop();
    // The same as the primary, or one that broke and still has calls of its own.
    const former = this.#formerPrimary;
    this.#primary = undefined;
    this.#formerPrimary = undefined;
    this.#setState({ phase: 'stopped', since: Date.now() });
    this.#subscriptions.clear(error);
    for (const persistent of [...this.#persistent]) persistent.end();
    this.#failWaiters(error);
    await Promise.all([
      former?.close(),
      this.#legacyShared.close(error),
      this.#own.close(error),
      this.#retired.close(),
    ]);
  }

  /**
   * Takes the credentials that are in force by now: streams are opened again with them, and an instance that holds to former ones is
   * replaced. What runs on it ends there.
   */
  renewCredentials(): void {
    // It may be down for want of them.
    if (this.#state.phase === 'down') {
      this.#cancelRetry?.();
      return this.#connect();
    }
    const isNew = this.#credentials.headers !== this.#streamHeaders;
    this.#streamHeaders = this.#credentials.headers;
    const open = [this.#primary ?? [], this.#legacyShared.connection ?? [], ...this.#own.open].flat();
    for (const connection of open) {
      if (!isOutdated(connection, this.#credentials)) {
        if (isNew) connection.renewStreams();
      } else if (connection === this.#primary) this.#replacePrimary(connection);
      else this.#replace(connection);
    }
  }

  /**
   * Finds the connection for a client's call.
   *
   * Modern clients of a modern upstream share the primary connection. On a legacy one it depends on {@link UpstreamSpec.instances} who does;
   * legacy clients get a legacy connection wherever the upstream speaks it.
   *
   * @param done - Called once; before this returns when a connection is at hand.
   */
  connectionFor(client: ClientContext, done: OnFound): void {
    const primary = this.#primary;
    if (primary !== undefined) this.#connectionFor(client, this.#useOf(client, primary), primary, done);
    else
      this.#whenReady((ready) => this.#connectionFor(client, this.#useOf(client, ready), ready, done), done);
  }

  /** The connection that {@link connectionFor} would give this client, when it is open already. Opens none. */
  openConnectionFor(client: ClientContext): UpstreamConnection | undefined {
    const primary = this.#primary;
    if (primary === undefined) return undefined;
    const use = this.#useOf(client, primary);
    if (use !== 'shared') return this.#own.connectionOf(use, client);
    return client.era === 'modern' || primary.era === 'legacy' ? primary : this.#legacyShared.connection;
  }

  /**
   * Watches a resource on the client's connection, also over restarts.
   *
   * @param done - Told what ends the subscription, or why there is none.
   */
  subscribe(client: ClientContext, uri: string, onUpdated: OnResourceUpdated, done: OnSubscribed): void {
    const subscribe = (told: OnSubscribed, onLost: () => void): void => {
      const onConnection: OnFound = (connection) => {
        if (connection instanceof GatewayError) return told(connection);
        // Every connection that lasts is one of this library's own.
        this.#subscriptions.subscribe(connection as OpenConnection, uri, { onUpdated, done: told, onLost });
      };
      this.#whenReady(
        (primary) => this.#connectionFor(client, this.#watchUseOf(client, primary), primary, onConnection),
        told,
      );
    };
    const onOver = (over: PersistentSubscription): void => void this.#persistent.delete(over);
    const persistent = new PersistentSubscription({ context: this.#context, subscribe, done, onOver });
    this.#persistent.add(persistent);
    persistent.begin();
  }

  /**
   * Finds what lists for this client are read from: the instance that its calls run on, or a modern upstream that is told what the
   * client declares.
   *
   * @param done - Told `undefined` when the lists for all clients are this client's, too.
   */
  listSourceFor(client: ClientContext, done: (result: ListSource | undefined | GatewayError) => void): void {
    this.#whenReady((primary) => this.#listSourceFor(client, primary, done), done);
  }

  /** The same, of what is open already. Opens nothing. */
  openListSourceFor(client: ClientContext): ListSource | undefined {
    const primary = this.#primary;
    if (primary === undefined) return undefined;
    const use = this.#useOf(client, primary);
    const connection = use === 'shared' ? undefined : this.#own.connectionOf(use, client);
    return connection === undefined ? this.#modernSource(client, primary) : this.#sourceAt(connection);
  }

  getStatus(): ComponentStatus {
    const primary = this.#primary;
    const counters = primary === undefined ? {} : { inFlight: primary.inFlight, ...primary.counters };
    return statusOf(this.#state, {
      ...counters,
      sessionInstances: this.#own.size,
      subscriptions: this.#subscriptions.size,
    });
  }

  #connect(): void {
    const before = this.#state;
    const lastError = before.phase === 'down' ? before.lastError : undefined;
    this.#cancelRetry = undefined;
    this.#setState({ phase: 'starting', since: Date.now(), attempts: this.#backoff.failures + 1, lastError });
    this.#abortConnect = this.#openPrimary((result) => {
      this.#abortConnect = undefined;
      if (result instanceof GatewayError) this.#fall(result, 0);
      else this.#onConnected(result, lastError);
    });
  }

  #openPrimary(done: OnConnection): () => void {
    return connect({ ...this.#connectOptions(), binding: undefined, era: undefined }, done);
  }

  #connectOptions(): Pick<ConnectionOptions, 'spec' | 'credentials' | 'context' | 'events'> {
    return {
      spec: this.spec,
      credentials: this.#credentials,
      context: this.#context,
      events: this.#events,
    };
  }

  #onConnected(connection: OpenConnection, lastError: GatewayError | undefined): void {
    const former = this.#formerPrimary;
    this.#formerPrimary = connection;
    this.#primary = connection;
    this.#readyAtMs = this.#context.clock.monotonicMs();
    if (connection.era === 'modern' && this.spec.protocol === 'auto' && speaksLegacyToo(connection.handshake))
      this.#speaksLegacy = 'yes';
    if (this.spec.protocol === '2026-07-28') this.#speaksLegacy = 'no';
    this.#setState({
      phase: 'ready',
      since: Date.now(),
      era: connection.era,
      attempts: this.#backoff.failures + 1,
      lastError,
    });
    if (former !== undefined) this.#subscriptions.move(former, connection);
    this.#observer.onReady(this, connection);
    // The observer may have stopped it.
    if (this.#primary !== connection) return;
    if (connection.era === 'modern') {
      const onChanged = (kinds: ReadonlySet<ListKind>): void =>
        this.#observer.onListsChanged(this, kinds, this.#sourceAt(connection));
      this.#listWatch = new ListWatch({ connection, context: this.#context, onChanged });
      this.#listWatch.start();
    }
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) {
      waiter.cancelTimer();
      this.#whenReady(waiter.onReady, waiter.onFailure);
    }
  }

  #onConnectionClosed(connection: OpenConnection, reason: GatewayError): void {
    if (connection === this.#primary)
      return this.#fall(reason, this.#context.clock.monotonicMs() - this.#readyAtMs);
    this.#forget(connection);
    this.#retired.onClosed(connection);
    this.#subscriptions.drop(connection, reason);
  }

  /** The next use of an instance that is not the primary one opens another. */
  #forget(connection: OpenConnection): void {
    if (this.#legacyShared.connection === connection) this.#legacyShared.forget();
    this.#own.onClosed(connection);
  }

  /** Takes an instance that is not the primary one out of use. */
  #replace(connection: OpenConnection): void {
    this.#forget(connection);
    this.#retired.add(connection);
    // What is watched goes on in the next instance, and not only when there is a call.
    if (!this.#subscriptions.isWatched(connection)) return;
    const onNext: OnConnection = (next) => {
      if (next instanceof GatewayError) this.#subscriptions.drop(connection, next);
      else this.#subscriptions.move(connection, next);
    };
    if (connection.binding === undefined) this.#legacyShared.get(onNext);
    else this.#own.openAgain(connection.binding, onNext);
  }

  /** Opens another primary connection; the present one serves until then, for as long as that takes. */
  #replacePrimary(former: OpenConnection, backoff = new Backoff(this.#context.random)): void {
    this.#cancelReplacement?.();
    this.#cancelReplacement = this.#openPrimary((result) => {
      this.#cancelReplacement = undefined;
      if (result instanceof GatewayError) {
        const delayMs = backoff.nextDelayMs(0);
        this.#cancelReplacement = this.#context.clock.after(delayMs, () =>
          this.#replacePrimary(former, backoff),
        );
        return this.#context.logger.warn(
          { upstream: this.name, code: result.code, retryInMs: Math.round(delayMs) },
          `The server goes on with its former credentials: ${result.message}`,
        );
      }
      this.#listWatch?.stop();
      this.#retired.add(former);
      this.#onConnected(result, undefined);
    });
  }

  /** @param livedMs - How long it was ready; 0 when it did not get that far. */
  #fall(lastError: GatewayError, livedMs: number): void {
    this.#primary = undefined;
    this.#cancelReplacement?.();
    this.#cancelReplacement = undefined;
    this.#listWatch?.stop();
    this.#listWatch = undefined;
    const delayMs = /* guard: process/restart, restart/used */ this.#backoff.nextDelayMs(livedMs);
    const now = Date.now();
    this.#cancelRetry = this.#context.clock.after(delayMs, () => this.#connect());
    this.#context.logger.warn(
      {
        upstream: this.name,
        code: lastError.code,
        attempts: this.#backoff.failures,
        retryInMs: Math.round(delayMs),
      },
      lastError.message,
    );
    this.#setState({
      phase: 'down',
      since: now,
      attempts: this.#backoff.failures,
      lastError,
      nextRetryAt: Math.round(now + delayMs),
    });
    this.#failWaiters(this.#downError(lastError));
  }

  #whenReady(onReady: (primary: OpenConnection) => void, onFailure: (error: GatewayError) => void): void {
    const state = this.#state;
    switch (state.phase) {
      case 'ready':
        if (this.#primary !== undefined) return onReady(this.#primary);
        return onFailure(new GatewayError('OMNI_UPSTREAM_DOWN', `"${this.name}" is stopped`));
      case 'starting':
        return this.#wait(onReady, onFailure);
      case 'down':
        // guard: restart/fails-fast
        return onFailure(this.#downError(state.lastError));
      case 'disabled':
        return onFailure(
          new GatewayError('OMNI_UPSTREAM_DISABLED', `"${this.name}" is switched off: ${state.reason}`),
        );
      case 'stopped':
        return onFailure(new GatewayError('OMNI_UPSTREAM_DOWN', `"${this.name}" is stopped`));
    }
  }

  #connectionFor(client: ClientContext, use: InstanceUse, primary: OpenConnection, done: OnFound): void {
    const isModern = primary.era === 'modern';
    if (isModern && (client.era === 'modern' || this.#speaksLegacy === 'no')) return done(primary);
    if (!isModern)
      return use === 'shared' ? done(primary) : this.#own.connectionFor(use, client, primary, done);
    const onLegacy: OnConnection = (result) => done(this.#legacyOr(result));
    if (use === 'shared') this.#legacyShared.get(onLegacy);
    else if (use !== 'request') this.#own.persistentConnectionFor(use, client, onLegacy);
    else {
      // Whether the upstream speaks legacy at all is found once, not by each request.
      this.#legacyShared.get((result) => {
        const found = this.#legacyOr(result);
        if (found instanceof GatewayError || found.era === 'modern') done(found);
        else this.#own.connectionFor(use, client, found, done);
      });
    }
  }

  #listSourceFor(
    client: ClientContext,
    primary: OpenConnection,
    done: (result: ListSource | undefined | GatewayError) => void,
  ): void {
    const isBridged = primary.era === 'modern' && this.#speaksLegacy === 'no';
    const use = this.#useOf(client, primary);
    if (use === 'shared' || isBridged) return done(this.#modernSource(client, primary));
    this.#own.listConnectionFor(use, client, (result) => {
      if (!(result instanceof GatewayError)) return done(this.#sourceAt(result.connection, result.release));
      const instead = primary.era === 'modern' ? this.#legacyOr(result) : result;
      done(instead instanceof GatewayError ? instead : this.#modernSource(client, instead));
    });
  }

  #sourceAt(connection: OpenConnection, release = (): void => {}): ListSource {
    return {
      connection,
      capabilities: '{}',
      isOpen: () => connection === this.#primary || this.#own.isOpen(connection),
      release,
    };
  }

  /** `undefined` where a modern upstream is told nothing of the client. */
  #modernSource(client: ClientContext, connection: OpenConnection): ListSource | undefined {
    if (connection.era === 'legacy' || (client.era === 'legacy' && this.#speaksLegacy !== 'no'))
      return undefined;
    const capabilities =
      client.era === 'modern' ? client.capabilities : capabilitiesAcrossEras(client.capabilities);
    if (capabilities === '{}') return undefined;
    return { connection, capabilities, isOpen: () => this.#primary === connection, release() {} };
  }

  /** Whose instance the client's calls run on. In the modern era every request stands alone, so that all may share. */
  #useOf(client: ClientContext, primary: OpenConnection): InstanceUse {
    return primary.era === 'modern' && client.era === 'modern' ? 'shared' : this.#own.useOf(client);
  }

  #watchUseOf(client: ClientContext, primary: OpenConnection): InstanceUse {
    const use = this.#useOf(client, primary);
    // An instance that ends with its request watches nothing.
    if (use === 'request') return 'shared';
    // A modern client is told of changes outside of its requests, which needs no capability: the shared connection lasts longer.
    return client.era === 'modern' && this.spec.instances === 'auto' ? 'shared' : use;
  }

  /** The legacy connection beside a modern primary one, or the primary one when there is none: calls are bridged then. */
  #legacyOr(result: OpenConnection | GatewayError): OpenConnection | GatewayError {
    if (!(result instanceof GatewayError)) {
      this.#speaksLegacy = 'yes';
      return result;
    }
    if (result.code === 'OMNI_OVERLOADED' || result.code === 'OMNI_CANCELLED' || this.#primary === undefined)
      return result;
    if (
      this.#speaksLegacy === 'untried' &&
      (NOT_LEGACY.has(result.code) || OTHER_ERA_STATUSES.has(result.data?.['status']))
    )
      this.#speaksLegacy = 'no';
    return this.#primary;
  }

  #wait(onReady: (primary: OpenConnection) => void, onFailure: (error: GatewayError) => void): void {
    // guard: restart/waiting
    if (this.#waiters.size >= this.#context.limits.maxInFlight) {
      return onFailure(
        new GatewayError(
          'OMNI_OVERLOADED',
          `${this.#waiters.size} calls wait for "${this.name}" to start (limits.maxInFlight)`,
        ),
      );
    }
    const waitMs = /* guard: restart/start-wait */ Math.min(this.spec.connectTimeoutMs, MAX_START_WAIT_MS);
    const waiter: Waiter = {
      onReady,
      onFailure,
      cancelTimer: this.#context.clock.after(waitMs, () => {
        this.#waiters.delete(waiter);
        onFailure(
          new GatewayError(
            'OMNI_UPSTREAM_STARTING',
            `"${this.name}" has not finished starting within ${waitMs / 1_000} s`,
          ),
        );
      }),
    };
    this.#waiters.add(waiter);
  }

  #failWaiters(error: GatewayError): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) {
      waiter.cancelTimer();
      waiter.onFailure(error);
    }
  }

  #downError(cause: GatewayError): GatewayError {
    return new GatewayError('OMNI_UPSTREAM_DOWN', `"${this.name}" is down: ${cause.message}`, {
      cause,
      data: { reason: cause.code },
    });
  }

  #setState(state: UpstreamState): void {
    this.#state = state;
    this.#observer.onStateChanged(this);
  }
}
