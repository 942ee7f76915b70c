import type { RpcMessage } from '@omni/jsonrpc';
import {
  capabilitiesAcrossEras,
  type ClientBinding,
  type ClientContext,
  type LifecycleNote,
  type ListSource,
  type UpstreamConnection,
  type UpstreamRecord,
  type UpstreamState,
} from '@omni/model';
import {
  type CredentialValues,
  type Era,
  GatewayError,
  type Millis,
  type UpstreamSpec,
  OMNI,
} from '@omni/ports';
import { connect, isOutdated } from './connect.ts';
import { stoppedError } from './connection/stopped-error.ts';
import { isOtherEraStatus } from './connection/era-memory.ts';
import type { InstanceUse } from './instances/instance-use.ts';
import { PersistentSubscription, type SubscriptionHost } from './subscriptions/persistent-subscription.ts';
import { Departures } from './lifecycle/departures.ts';
import { OwnerReports } from './lifecycle/owner-reports.ts';
import { declaredUnder } from './terms/roots-policy.ts';
import { RequestHeaders } from './http/http-headers.ts';
import { placeOf } from './probing/probed-place.ts';
import type { Watched } from './probing/silence-watch.ts';
import { IdleStop } from './starting/idle-stop.ts';
import { LazyConnection, type OnConnection } from './instances/lazy-connection.ts';
import { ListWatch } from './subscriptions/list-watch.ts';
import { speaksLegacyToo } from './connection/mcp-revision.ts';
import type {
  ConnectionContext,
  ConnectionEvents,
  ListKind,
  OpenConnection,
} from './connection/open-connection.ts';
import { OwnInstances } from './instances/own-instances.ts';
import { PrimaryReplacement } from './instances/primary-replacement.ts';
import { type StartWaiter, StartWaiters } from './instances/start-waiters.ts';
import { takeOver } from './registry/definition-in-force.ts';
import { RetiredConnections } from './instances/retired-connections.ts';
import { UpstreamCredentials } from './credentials/upstream-credentials.ts';
import { ResourceSubscriptions } from './subscriptions/resource-subscriptions.ts';
import type { OnResourceUpdated, OnSubscribed } from './subscriptions/resource-watch.ts';
import { NOT_LEGACY } from './lifecycle/refusals.ts';
import { UpstreamLife } from './lifecycle/upstream-life.ts';
import type { UpstreamFacts, UpstreamSnapshot } from './lifecycle/upstream-snapshot.ts';
import { NOBODY, type UpstreamObserver } from './lifecycle/upstream-observer.ts';

export interface UpstreamOptions {
  readonly spec: UpstreamSpec;
  readonly context: ConnectionContext;
  readonly observer: UpstreamObserver;
}

/** Told a connection of this upstream, or why there is none. */
export type OnFound = (result: UpstreamConnection | GatewayError) => void;

/** How long a server that starts on demand lives when nobody needs it, unless it is said. */
const ON_DEMAND_IDLE_MS = 60_000;

/** How long at most calls that came when it was to fall asleep hold that up. */
const IDLE_DRAIN_MS = 60_000;

const NOBODY_WAITS = (): void => {};

/** The connections of one upstream: the right one for every client, as long as its life cycle has it run. */
export class Upstream {
  /** Its settings as they are now: those that need no new connection change under those who hold this. */
  readonly spec: UpstreamSpec;
  /** What it wrote that is no answer to anybody. For the owner alone. */
  readonly ownerReports: OwnerReports;
  readonly #context: ConnectionContext;
  #observer: UpstreamObserver;
  readonly #events: ConnectionEvents;
  readonly #life: UpstreamLife;
  readonly #subscriptions: ResourceSubscriptions;
  /** Those of clients; each is made again when the instance that it was made on is gone. */
  readonly #persistent = new Set<PersistentSubscription>();
  readonly #own: OwnInstances;
  /** A legacy connection that clients share beside a modern primary one. */
  readonly #legacyShared: LazyConnection;
  /** Those that still have calls of their own. */
  readonly #retired: RetiredConnections;
  readonly #credentials: UpstreamCredentials;
  readonly #replacement: PrimaryReplacement;
  readonly #waiters: StartWaiters;
  #listWatch: ListWatch | undefined;
  #speaksLegacy: 'yes' | 'no' | 'untried' = 'untried';
  readonly #idleStop: IdleStop;
  /** What could not be started; `undefined` where nothing was there. */
  #refusedProgram: Promise<string | undefined> | undefined;
  /** What open streams were opened with. */
  #streamHeaders: CredentialValues;

  constructor({ spec, context, observer }: UpstreamOptions) {
    this.spec = { ...spec };
    this.#context = context;
    this.#observer = observer;
    this.#subscriptions = new ResourceSubscriptions(spec.name, context);
    this.#retired = new RetiredConnections(context.clock);
    this.#credentials = new UpstreamCredentials({ ...context, spec: this.spec });
    this.ownerReports = new OwnerReports({ ...context, credentials: this.#credentials });
    this.#streamHeaders = this.#credentials.headers;
    this.#events = {
      onClosed: (connection, reason) => this.#onConnectionClosed(connection, reason),
      onListsChanged: (connection, kind) =>
        this.#observer.onListsChanged(this.name, new Set([kind]), this.#sourceAt(connection)),
      onResourceUpdated: (connection, uri, message: RpcMessage) =>
        this.#subscriptions.tell(connection, uri, message),
      onReinitialized: (connection) => this.#subscriptions.move(connection, connection),
    };
    const shared = { spec: this.spec, credentials: this.#credentials, context, events: this.#events };
    const { add: onReport } = this.ownerReports;
    const open = (binding: ClientBinding | undefined, era: Era | undefined, done: OnConnection) =>
      connect({ ...shared, onReport, binding, era }, done);
    const departures = new Departures();
    const openPrimary = (done: OnConnection): (() => void) =>
      connect(
        {
          ...shared,
          onReport,
          binding: undefined,
          era: undefined,
          departures,
          isRestart: this.record.history.outage !== null,
        },
        done,
      );
    const probeHeaders = new RequestHeaders(this.#credentials, ['accept', '*/*']);
    this.#waiters = new StartWaiters(this.spec, context);
    this.#replacement = new PrimaryReplacement({
      upstream: spec.name,
      context,
      open: openPrimary,
      onReplaced: (next) => {
        this.#listWatch?.stop();
        const { connection } = this.#life;
        if (connection !== undefined) this.#retired.add(connection);
        this.#life.onConnected(next);
      },
    });
    const openShared = (done: OnConnection): (() => void) => open(undefined, 'legacy', done);
    this.#legacyShared = new LazyConnection({ upstream: spec.name, clock: context.clock, open: openShared });
    this.#own = new OwnInstances({
      spec: this.spec,
      clock: context.clock,
      logger: context.logger,
      maxInstances: context.limits.maxInstances,
      open: (binding, done) => open(binding, 'legacy', done),
      isWatched: (connection) => this.#subscriptions.isWatched(connection),
    });
    this.#idleStop = new IdleStop({
      clock: context.clock,
      idleMs: () => this.spec.idleStopMs ?? (this.spec.start === 'on-demand' ? ON_DEMAND_IDLE_MS : 0),
      isInUse: () => this.#isInUse,
      // Whoever decides may be a moment behind: a call that comes meanwhile ends in peace.
      onIdle: () => this.#life.report({ kind: 'idle', until: context.clock.now() + IDLE_DRAIN_MS }),
    });
    this.#life = new UpstreamLife({
      spec: this.spec,
      credentials: this.#credentials,
      context,
      departures,
      open: openPrimary,
      web: () => placeOf(this.spec, context.http, probeHeaders),
      inFlight: () => this.#legacyShared.inFlight + this.#own.inFlight + this.#retired.inFlight,
      onReady: (connection, former) => this.#onReady(connection, former),
      onLeft: () => this.#onLeft(),
      // What is watched has no end of its own.
      onDraining: () => this.#subscriptions.clear(stoppedError(this.name)),
      onClosing: () => this.#closeOthers(),
      onChanged: (record, notes) => this.#onChanged(record, notes),
    });
  }

  get name(): string {
    return this.spec.name;
  }

  /** What is listened to for silence. */
  get watched(): Watched | undefined {
    return this.#life.connection;
  }

  /** As its owner decided last. */
  get record(): UpstreamRecord {
    return this.#life.record;
  }

  /** The shared connection, if it is open. */
  get connection(): UpstreamConnection | undefined {
    return this.#life.connection;
  }

  /** Why it takes no calls; `undefined` while it does or soon will, and before it is started. */
  get refusal(): GatewayError | undefined {
    return this.record.state.phase === 'stopped' ? undefined : this.#life.refusal;
  }

  /** Plain data about it. */
  get snapshot(): UpstreamSnapshot {
    return { name: this.name, record: this.record, facts: this.#facts() };
  }

  /** Asks whether it lives, where it is connected; resolves when that is known. */
  async probe(): Promise<void> {
    await this.#life.probe();
  }

  /** Connects and keeps connected. Does nothing when it is disabled or started. */
  start(): void {
    this.#life.start();
  }

  /** Ends every connection; what runs fails with `OMNI_UPSTREAM_DOWN`. */
  async stop(): Promise<void> {
    await this.#life.end(this.#context.clock.now());
  }

  /**
   * Takes settings that need no new connection; calls under way keep those that they began with.
   *
   * @param until - Wall clock: when calls under way are cut, if it is switched off.
   */
  update(spec: UpstreamSpec, until: Millis): void {
    // Connections look their settings up here.
    takeOver(this.spec, spec);
    // guard: credentials/settings-secrets
    this.#credentials.know(spec.secretValues);
    this.#life.redefine(until);
  }

  /**
   * Looks whether what made it misconfigured is gone, without starting anything: its command and its folder.
   * What a program says by its exit code ends with another definition, or other credentials.
   */
  async look(): Promise<void> {
    if (!isNotStartable(this.record.state)) return;
    const refused = await this.#refusedProgram;
    const program = await this.#program();
    // What the system has refused it refuses again, for reasons that may not be visible here.
    if (program !== undefined && program !== refused) this.#life.report({ kind: 'repaired' });
  }

  async #program(): Promise<string | undefined> {
    const { transport } = this.spec;
    if (transport.kind !== 'stdio') return undefined;
    const env = this.#credentials.environment;
    return await this.#context.launcher?.startable?.({ ...transport, env });
  }

  /**
   * Closes the upstream for good: it takes no new calls, and running calls may finish until `until`.
   * Observers hear nothing more.
   *
   * @param successor - Takes over what clients have subscribed to.
   * @returns Resolves when every connection is closed.
   */
  async retire(until: Millis, successor: Upstream | undefined): Promise<void> {
    this.#observer = NOBODY;
    this.#credentials.keep();
    const persistent = [...this.#persistent];
    if (successor !== undefined) {
      this.#persistent.clear();
      for (const subscription of persistent) successor.#adopt(subscription);
    }
    await this.#life.end(until);
    this.#life.release();
  }

  /**
   * Takes the credentials that are in force by now: streams are opened again with them, and an instance that
   * holds to former ones is replaced. What runs on it ends there.
   */
  renewCredentials(): void {
    // What drains opens nothing any more.
    if (this.record.state.phase === 'draining') return;
    const isNew = this.#credentials.headers !== this.#streamHeaders;
    this.#streamHeaders = this.#credentials.headers;
    const open = [this.#life.connection ?? [], this.#legacyShared.connection ?? [], ...this.#own.open].flat();
    for (const connection of open) {
      if (!isOutdated(connection, this.#credentials)) {
        if (isNew) connection.renewStreams();
      } else if (connection === this.#life.connection) this.#replacement.begin();
      else this.#replace(connection);
    }
    this.#life.report({ kind: 'renewed' });
  }

  /**
   * Finds the connection for a client's call.
   *
   * Modern clients of a modern upstream share the primary connection. On a legacy one it depends on {@link
   * UpstreamSpec.instances} who does; legacy clients get a legacy connection wherever the upstream speaks it.
   *
   * @param done - Called once; before this returns when a connection is at hand.
   * @returns Ends the wait for an upstream that is starting: `done` is not called then.
   */
  connectionFor(client: ClientContext, done: OnFound): () => void {
    this.#idleStop.touch();
    const primary = this.#life.callable;
    if (primary !== undefined) {
      this.#connectionFor(client, this.#useOf(client, primary), primary, done);
      return NOBODY_WAITS;
    }
    const onReady = (ready: OpenConnection): void =>
      this.#connectionFor(client, this.#useOf(client, ready), ready, done);
    this.#whenReady({ principal: client.principal, onReady, onFailure: done });
    return () => this.#waiters.withdraw(onReady);
  }

  /**
   * The connection that {@link connectionFor} would give this client, when it is open already. Opens none.
   */
  openConnectionFor(client: ClientContext): UpstreamConnection | undefined {
    const primary = this.#life.callable;
    if (primary === undefined) return undefined;
    const use = this.#useOf(client, primary);
    if (use !== 'shared') return this.#own.connectionOf(use, client);
    return client.era === 'modern' || primary.era === 'legacy' ? primary : this.#legacyShared.connection;
  }

  /** Whether an instance that is this client's own is open, or will be soon. */
  hasOwnInstanceOf(client: ClientContext): boolean {
    return this.#own.has(client);
  }

  /**
   * Watches a resource on the client's connection, also over restarts.
   *
   * @param done - Told what ends the subscription, or why there is none.
   */
  subscribe(client: ClientContext, uri: string, onUpdated: OnResourceUpdated, done: OnSubscribed): void {
    const options = { context: this.#context, client, uri, onUpdated, done };
    const persistent = new PersistentSubscription(options, this.#host);
    this.#persistent.add(persistent);
    persistent.begin();
  }

  /**
   * Finds what lists for this client are read from: the instance that its calls run on, or a modern upstream
   * that is told what the client declares.
   *
   * @param done - Told `undefined` when the lists for all clients are this client's, too.
   */
  listSourceFor(client: ClientContext, done: (result: ListSource | undefined | GatewayError) => void): void {
    const onReady = (primary: OpenConnection): void => this.#listSourceFor(client, primary, done);
    this.#whenReady({ principal: client.principal, onReady, onFailure: done });
  }

  /** The same, of what is open already. Opens nothing. */
  openListSourceFor(client: ClientContext): ListSource | undefined {
    const primary = this.#life.callable;
    if (primary === undefined) return undefined;
    const use = this.#useOf(client, primary);
    const connection = use === 'shared' ? undefined : this.#own.connectionOf(use, client);
    return connection === undefined ? this.#modernSource(client, primary) : this.#sourceAt(connection);
  }

  /** Whether a client has a call under way, an instance of its own, or watches something. */
  get #isInUse(): boolean {
    const { clientCalls = 0, waitingCalls = 0 } = this.#life.connection ?? {};
    return (
      clientCalls +
        waitingCalls +
        this.#legacyShared.inFlight +
        this.#own.size +
        this.#retired.inFlight +
        this.#subscriptions.size >
      0
    );
  }

  #facts(): UpstreamFacts {
    const primary = this.#life.connection;
    return {
      hasConnection: primary !== undefined,
      mayBeCalled: this.#life.callable !== undefined,
      era: primary?.era ?? null,
      inFlight: primary?.inFlight ?? 0,
      counters: primary === undefined ? null : { ...primary.counters },
      instances: this.#own.size,
      subscriptions: this.#subscriptions.size,
    };
  }

  /** Neither its successor nor its lists are waited for any more. */
  #onLeft(): void {
    this.#replacement.end();
    this.#listWatch?.stop();
    this.#listWatch = undefined;
  }

  #closeOthers(): Promise<unknown> {
    this.#credentials.stop();
    this.#speaksLegacy = 'untried';
    const error = stoppedError(this.name);
    this.#subscriptions.clear(error);
    return Promise.all([this.#legacyShared.close(error), this.#own.close(error), this.#retired.close()]);
  }

  #onChanged({ state }: UpstreamRecord, notes: readonly LifecycleNote[]): void {
    if (isNotStartable(state)) this.#refusedProgram ??= this.#program();
    else this.#refusedProgram = undefined;
    this.#observer.onStateChanged(this.snapshot, notes);
    if (state.phase !== 'ready') this.#idleStop.stop();
    else if (state.isListed) this.#idleStop.start();
    if (state.phase === 'stopped' || state.phase === 'disabled')
      for (const persistent of [...this.#persistent]) persistent.end();
    const { refusal } = this.#life;
    if (refusal !== undefined) this.#waiters.fail(refusal);
  }

  #onReady(connection: OpenConnection, former: OpenConnection | undefined): void {
    if (connection.era === 'modern' && this.spec.protocol === 'auto' && speaksLegacyToo(connection.handshake))
      this.#speaksLegacy = 'yes';
    if (this.spec.protocol === '2026-07-28') this.#speaksLegacy = 'no';
    if (former !== undefined) this.#subscriptions.move(former, connection);
    this.#observer.onReady(this.name, connection, (hasProblem) => {
      if (connection === this.connection) this.#life.report({ kind: 'listed', hasProblem });
    });
    // The observer may have stopped it.
    if (this.#life.callable !== connection) return;
    if (connection.era === 'modern') {
      const onChanged = (kinds: ReadonlySet<ListKind>): void =>
        this.#observer.onListsChanged(this.name, kinds, this.#sourceAt(connection));
      this.#listWatch = new ListWatch({ connection, context: this.#context, onChanged });
      this.#listWatch.start();
    }
    for (const waiter of this.#waiters.takeAll()) this.#whenReady(waiter);
  }

  #onConnectionClosed(connection: OpenConnection, reason: GatewayError): void {
    if (this.#life.onClosed(connection, reason)) return;
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
    if (connection.binding === undefined) this.#legacyShared.get(OMNI, onNext);
    else this.#own.openAgain(connection.binding, onNext);
  }

  readonly #host: SubscriptionHost = {
    subscribe: ({ client, uri, onUpdated }, told, onLost) => {
      const onConnection: OnFound = (connection) => {
        if (connection instanceof GatewayError) return told(connection);
        // Every connection that lasts is one of this library's own.
        this.#subscriptions.subscribe(connection as OpenConnection, uri, {
          principal: client.principal,
          onUpdated,
          done: told,
          onLost,
        });
      };
      const onReady = (primary: OpenConnection): void =>
        this.#connectionFor(client, this.#watchUseOf(client, primary), primary, onConnection);
      this.#whenReady({ principal: client.principal, onReady, onFailure: told });
    },
    onOver: (persistent) => void this.#persistent.delete(persistent),
  };

  #adopt(persistent: PersistentSubscription): void {
    this.#persistent.add(persistent);
    persistent.moveTo(this.#host);
  }

  #whenReady(waiter: StartWaiter): void {
    const primary = this.#life.callable;
    if (primary !== undefined) return waiter.onReady(primary);
    const { refusal } = this.#life;
    if (refusal !== undefined) return waiter.onFailure(refusal);
    this.#waiters.add(waiter);
    this.#life.report({ kind: 'wanted' });
  }

  #connectionFor(client: ClientContext, use: InstanceUse, primary: OpenConnection, done: OnFound): void {
    const isModern = primary.era === 'modern';
    if (isModern && (client.era === 'modern' || this.#speaksLegacy === 'no')) return done(primary);
    if (!isModern)
      return use === 'shared' ? done(primary) : this.#own.connectionFor(use, client, primary, done);
    const onLegacy: OnConnection = (result) => done(this.#legacyOr(result));
    if (use === 'shared') this.#legacyShared.get(client.principal, onLegacy);
    else if (use !== 'request') this.#own.persistentConnectionFor(use, client, onLegacy);
    else {
      // Whether the upstream speaks legacy at all is found once, not by each request.
      this.#legacyShared.get(client.principal, (result) => {
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
      isOpen: () => connection === this.#life.connection || this.#own.isOpen(connection),
      release,
    };
  }

  /** `undefined` where a modern upstream is told nothing of the client. */
  #modernSource(client: ClientContext, connection: OpenConnection): ListSource | undefined {
    if (connection.era === 'legacy' || (client.era === 'legacy' && this.#speaksLegacy !== 'no'))
      return undefined;
    const declared = declaredUnder(this.spec.roots, client.capabilities);
    const capabilities = client.era === 'modern' ? declared : capabilitiesAcrossEras(declared);
    if (capabilities === '{}') return undefined;
    return { connection, capabilities, isOpen: () => this.#life.connection === connection, release() {} };
  }

  /**
   * Whose instance the client's calls run on. In the modern era every request stands alone, so that all may
   * share.
   */
  #useOf(client: ClientContext, primary: OpenConnection): InstanceUse {
    return primary.era === 'modern' && client.era === 'modern' ? 'shared' : this.#own.useOf(client);
  }

  #watchUseOf(client: ClientContext, primary: OpenConnection): InstanceUse {
    const use = this.#useOf(client, primary);
    // An instance that ends with its request watches nothing.
    if (use === 'request') return 'shared';
    // A modern client is told of changes outside of its requests, which needs no capability: the shared
    // connection lasts longer.
    return client.era === 'modern' && this.spec.instances === 'auto' ? 'shared' : use;
  }

  /**
   * The legacy connection beside a modern primary one, or the primary one when there is none: calls are
   * bridged then.
   */
  #legacyOr(result: OpenConnection | GatewayError): OpenConnection | GatewayError {
    if (!(result instanceof GatewayError)) {
      this.#speaksLegacy = 'yes';
      return result;
    }
    if (
      result.code === 'OMNI_OVERLOADED' ||
      result.code === 'OMNI_CANCELLED' ||
      this.#life.connection === undefined
    )
      return result;
    if (
      this.#speaksLegacy === 'untried' &&
      (NOT_LEGACY.has(result.code) || isOtherEraStatus(result.data?.['status']))
    )
      this.#speaksLegacy = 'no';
    return this.#life.connection;
  }
}

function isNotStartable(state: UpstreamState): boolean {
  return state.phase === 'misconfigured' && state.error.code === 'OMNI_UPSTREAM_SPAWN_FAILED';
}
