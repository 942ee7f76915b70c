import { GatewayError, type CancelTimer, type ComponentStatus, type Era, type UpstreamSpec } from '@omni/ports';
import { capabilitiesAcrossEras, type ClientContext, type RpcMessage, type SessionOwner, type UpstreamLink } from '@omni/wire';
import { ClientInstances } from './client-instances.ts';
import { connect } from './connect.ts';
import { LazyLink, type OnLink } from './lazy-link.ts';
import { ListWatch } from './list-watch.ts';
import { speaksLegacyToo } from './mcp-revision.ts';
import type { LinkContext, LinkEvents, ListKind, OpenLink } from './open-link.ts';
import { ResourceSubscriptions } from './resource-subscriptions.ts';
import type { OnResourceUpdated, OnSubscribed } from './resource-watch.ts';
import { RestartLadder } from './restart-ladder.ts';
import { SessionLinks } from './session-links.ts';
import { statusOf, type UpstreamState } from './upstream-state.ts';

/** Told what happens to upstreams. */
export interface UpstreamObserver {
  onStateChanged(upstream: Upstream): void;
  /** The shared link is open: what the upstream offers can be listed. */
  onReady(upstream: Upstream, link: UpstreamLink): void;
  onListsChanged(upstream: Upstream, kinds: ReadonlySet<ListKind>): void;
}

export interface UpstreamOptions {
  readonly spec: UpstreamSpec;
  readonly context: LinkContext;
  readonly observer: UpstreamObserver;
}

interface Waiter {
  readonly client: ClientContext;
  readonly done: (result: UpstreamLink | GatewayError) => void;
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
const NOT_LEGACY_STATUSES: ReadonlySet<unknown> = new Set([400, 404, 405, 406]);

/** One configured upstream: kept connected, restarted when it breaks, with the right link for every client. */
export class Upstream {
  readonly spec: UpstreamSpec;
  readonly #context: LinkContext;
  readonly #observer: UpstreamObserver;
  readonly #events: LinkEvents;
  readonly #ladder: RestartLadder;
  readonly #subscriptions: ResourceSubscriptions;
  readonly #sessions: SessionLinks;
  readonly #clients: ClientInstances;
  /** A legacy link that clients share beside a modern primary one. */
  readonly #legacyShared: LazyLink;
  readonly #waiters = new Set<Waiter>();
  /** Whether a session's client declares something that a server can make use of; sessions do not change their mind. */
  readonly #isCapable = new WeakMap<SessionOwner, boolean>();
  #state: UpstreamState;
  #primary: OpenLink | undefined;
  /** The primary link before the present one, for what has to move. */
  #formerPrimary: OpenLink | undefined;
  #readyAtMs = 0;
  #listWatch: ListWatch | undefined;
  #speaksLegacy: 'yes' | 'no' | 'untried' = 'untried';
  #abortConnect: (() => void) | undefined;
  #cancelRetry: CancelTimer | undefined;

  constructor({ spec, context, observer }: UpstreamOptions) {
    this.spec = spec;
    this.#context = context;
    this.#observer = observer;
    this.#ladder = new RestartLadder(context.random);
    this.#subscriptions = new ResourceSubscriptions(spec.name, context);
    this.#events = {
      onClosed: (link, reason) => this.#onLinkClosed(link, reason),
      onListsChanged: (_link, kind) => observer.onListsChanged(this, new Set([kind])),
      onResourceUpdated: (link, uri, message: RpcMessage) => this.#subscriptions.tell(link, uri, message),
      onReinitialized: (link) => this.#subscriptions.move(link, link),
    };
    const open = (owner: SessionOwner | undefined, era: Era | undefined, done: OnLink): (() => void) =>
      connect({ spec, context, events: this.#events, owner, era }, done);
    this.#legacyShared = new LazyLink((done) => open(undefined, 'legacy', done));
    this.#sessions = new SessionLinks({
      upstream: spec.name,
      maxInstances: context.limits.maxInstances,
      open: (owner, done) => open(owner, 'legacy', done),
    });
    this.#clients = new ClientInstances({ upstream: spec.name, sessions: this.#sessions, clock: context.clock });
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

  /** The shared link; `undefined` unless the upstream is ready. */
  get link(): UpstreamLink | undefined {
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
    this.#listWatch?.stop();
    // The same as the primary, or one that broke and still has calls of its own.
    const former = this.#formerPrimary;
    this.#primary = undefined;
    this.#formerPrimary = undefined;
    this.#setState({ phase: 'stopped', since: Date.now() });
    this.#subscriptions.clear(error);
    this.#failWaiters(error);
    this.#clients.close();
    await Promise.all([former?.close(), this.#legacyShared.close(error), this.#sessions.close(error)]);
  }

  /**
   * Finds the link for a client's call.
   *
   * Modern clients share the primary link; where that is legacy, those with client capabilities get one of their own. Legacy clients
   * get a legacy link where the upstream speaks it: of their session's own when an upstream may ask them something, shared otherwise
   * (see `UpstreamSpec.instances`).
   *
   * @param done - Called once; before this returns when a link is at hand.
   */
  linkFor(client: ClientContext, done: (result: UpstreamLink | GatewayError) => void): void {
    const state = this.#state;
    switch (state.phase) {
      case 'ready':
        return this.#linkOfReady(client, done);
      case 'starting':
        return this.#wait(client, done);
      case 'down':
        return done(this.#downError(state.lastError));
      case 'disabled':
        return done(new GatewayError('OMNI_UPSTREAM_DISABLED', `"${this.name}" is switched off: ${state.reason}`));
      case 'stopped':
        return done(new GatewayError('OMNI_UPSTREAM_DOWN', `"${this.name}" is stopped`));
    }
  }

  /** The link that {@link linkFor} would give this client, when it is open already. Opens none. */
  openLinkFor(client: ClientContext): UpstreamLink | undefined {
    const primary = this.#primary;
    if (primary === undefined) return undefined;
    if (client.era === 'modern') return this.#isOwnClient(client, primary) ? this.#clients.linkOf(client) : primary;
    const owner = this.#needsOwnLink(client) ? client.session : undefined;
    if (owner !== undefined) return this.#sessions.linkOf(owner);
    return primary.era === 'legacy' ? primary : this.#legacyShared.link;
  }

  /**
   * Watches a resource on the client's link, also over restarts of a shared one.
   *
   * @param done - Told what ends the subscription, or why there is none.
   */
  subscribe(client: ClientContext, uri: string, onUpdated: OnResourceUpdated, done: OnSubscribed): void {
    // A modern client is told of changes outside of its requests, which needs no capability: the shared link lasts longer.
    this.linkFor(client.era === 'modern' ? { ...client, capabilities: '{}' } : client, (link) => {
      if (link instanceof GatewayError) return done(link);
      // Every link that this class hands out is one of its own.
      this.#subscriptions.subscribe(link as OpenLink, uri, onUpdated, done);
    });
  }

  getStatus(): ComponentStatus {
    const primary = this.#primary;
    const counters = primary === undefined ? {} : { inFlight: primary.inFlight, ...primary.counters };
    return statusOf(this.#state, { ...counters, sessionInstances: this.#sessions.size, subscriptions: this.#subscriptions.size });
  }

  #connect(): void {
    const before = this.#state;
    const lastError = before.phase === 'down' ? before.lastError : undefined;
    this.#cancelRetry = undefined;
    this.#setState({ phase: 'starting', since: Date.now(), attempts: this.#ladder.failures + 1, lastError });
    this.#abortConnect = connect(
      { spec: this.spec, context: this.#context, events: this.#events, owner: undefined, era: undefined },
      (result) => {
        this.#abortConnect = undefined;
        if (result instanceof GatewayError) this.#fall(result, 0);
        else this.#onConnected(result, lastError);
      },
    );
  }

  #onConnected(link: OpenLink, lastError: GatewayError | undefined): void {
    const former = this.#formerPrimary;
    this.#formerPrimary = link;
    this.#primary = link;
    this.#readyAtMs = this.#context.clock.monotonicMs();
    if (link.era === 'modern' && this.spec.protocol === 'auto' && speaksLegacyToo(link.hello)) this.#speaksLegacy = 'yes';
    if (this.spec.protocol === '2026-07-28') this.#speaksLegacy = 'no';
    this.#setState({ phase: 'ready', since: Date.now(), era: link.era, attempts: this.#ladder.failures + 1, lastError });
    if (former !== undefined) this.#subscriptions.move(former, link);
    this.#observer.onReady(this, link);
    // The observer may have stopped it.
    if (this.#primary !== link) return;
    if (link.era === 'modern') {
      this.#listWatch = new ListWatch({ link, context: this.#context, onChanged: (kinds) => this.#observer.onListsChanged(this, kinds) });
      this.#listWatch.start();
    }
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) {
      waiter.cancelTimer();
      this.linkFor(waiter.client, waiter.done);
    }
  }

  #onLinkClosed(link: OpenLink, reason: GatewayError): void {
    if (link === this.#primary) return this.#fall(reason, this.#context.clock.monotonicMs() - this.#readyAtMs);
    this.#subscriptions.drop(link, reason);
    if (this.#legacyShared.link === link) this.#legacyShared.forget();
    this.#sessions.onClosed(link);
  }

  /** @param livedMs - How long it was ready; 0 when it did not get that far. */
  #fall(lastError: GatewayError, livedMs: number): void {
    this.#primary = undefined;
    this.#listWatch?.stop();
    this.#listWatch = undefined;
    const delayMs = this.#ladder.nextDelayMs(livedMs);
    const now = Date.now();
    this.#cancelRetry = this.#context.clock.after(delayMs, () => this.#connect());
    this.#context.logger.warn(
      { upstream: this.name, code: lastError.code, attempts: this.#ladder.failures, retryInMs: Math.round(delayMs) },
      lastError.message,
    );
    this.#setState({ phase: 'down', since: now, attempts: this.#ladder.failures, lastError, nextRetryAt: Math.round(now + delayMs) });
    this.#failWaiters(this.#downError(lastError));
  }

  #linkOfReady(client: ClientContext, done: (result: UpstreamLink | GatewayError) => void): void {
    const primary = this.#primary;
    if (primary === undefined) return done(new GatewayError('OMNI_UPSTREAM_DOWN', `"${this.name}" is stopped`));
    if (client.era === 'modern') return this.#isOwnClient(client, primary) ? this.#clients.linkFor(client, done) : done(primary);
    const owner = this.#needsOwnLink(client) ? client.session : undefined;
    if (primary.era === 'legacy') {
      if (owner === undefined) return done(primary);
      return this.#sessions.linkFor(owner, done);
    }
    if (this.#speaksLegacy === 'no') return done(primary);
    const onLegacy: OnLink = (result) => done(this.#legacyOr(result));
    if (owner === undefined) this.#legacyShared.get(onLegacy);
    else this.#sessions.linkFor(owner, onLegacy);
  }

  /** The legacy link beside a modern primary one, or the primary one when there is none: calls are bridged then. */
  #legacyOr(result: OpenLink | GatewayError): OpenLink | GatewayError {
    if (!(result instanceof GatewayError)) {
      this.#speaksLegacy = 'yes';
      return result;
    }
    if (result.code === 'OMNI_OVERLOADED' || result.code === 'OMNI_CANCELLED' || this.#primary === undefined) return result;
    if (this.#speaksLegacy === 'untried' && (NOT_LEGACY.has(result.code) || NOT_LEGACY_STATUSES.has(result.data?.['status'])))
      this.#speaksLegacy = 'no';
    return this.#primary;
  }

  #isOwnClient(client: ClientContext, primary: OpenLink): boolean {
    return primary.era === 'legacy' && this.spec.instances !== 'shared' && this.#clients.needs(client);
  }

  #needsOwnLink({ session }: ClientContext): boolean {
    const { instances } = this.spec;
    if (session === undefined || instances === 'shared') return false;
    if (instances === 'per-session') return true;
    let answer = this.#isCapable.get(session);
    if (answer === undefined) this.#isCapable.set(session, (answer = capabilitiesAcrossEras(session.capabilities) !== '{}'));
    return answer;
  }

  #wait(client: ClientContext, done: (result: UpstreamLink | GatewayError) => void): void {
    if (this.#waiters.size >= this.#context.limits.maxInFlight) {
      return done(new GatewayError('OMNI_OVERLOADED', `${this.#waiters.size} calls wait for "${this.name}" to start (limits.maxInFlight)`));
    }
    const waitMs = Math.min(this.spec.connectTimeoutMs, MAX_START_WAIT_MS);
    const waiter: Waiter = {
      client,
      done,
      cancelTimer: this.#context.clock.after(waitMs, () => {
        this.#waiters.delete(waiter);
        done(new GatewayError('OMNI_UPSTREAM_STARTING', `"${this.name}" has not finished starting within ${waitMs / 1_000} s`));
      }),
    };
    this.#waiters.add(waiter);
  }

  #failWaiters(error: GatewayError): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) {
      waiter.cancelTimer();
      waiter.done(error);
    }
  }

  #downError(cause: GatewayError): GatewayError {
    return new GatewayError('OMNI_UPSTREAM_DOWN', `"${this.name}" is down: ${cause.message}`, { cause, data: { reason: cause.code } });
  }

  #setState(state: UpstreamState): void {
    this.#state = state;
    this.#observer.onStateChanged(this);
  }
}
