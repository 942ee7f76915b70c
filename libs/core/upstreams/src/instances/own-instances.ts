import {
  capabilitiesAcrossEras,
  type ClientBinding,
  type ClientContext,
  type UpstreamConnection,
} from '@omni/model';
import { type CancelTimer, type Clock, GatewayError, type Logger, type UpstreamSpec } from '@omni/ports';
import { ClientInstances } from './client-instances.ts';
import { SharedClientBinding } from './shared-client-binding.ts';
import { declaredUnder } from '../terms/roots-policy.ts';
import { instanceUse, type InstanceUse } from './instance-use.ts';
import type { OnConnection } from './lazy-connection.ts';
import type { OpenConnection } from '../connection/open-connection.ts';
import { RequestConnection } from './request-connection.ts';
import { SessionConnections } from './session-connections.ts';

export interface OwnInstancesOptions {
  readonly spec: UpstreamSpec;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxInstances: number;
  /** Opens a legacy connection; returns what gives the attempt up. */
  readonly open: (binding: ClientBinding, done: OnConnection) => () => void;
  /** Whether somebody watches a resource on the connection. */
  readonly isWatched: (connection: OpenConnection) => boolean;
}

/**
 * A session's instance that lists were read from, and that runs no call in this time, is closed until there
 * is one.
 */
const UNCALLED_MS = 60_000;

/**
 * An instance whose session has neither a stream nor a call for so long is closed until there is one: most
 * clients never say that they are gone. Not where each session was promised a process of its own.
 */
const IDLE_MS = 5 * 60_000;
const LOOK_MS = 60_000;

/** Whose instance it is, unless all clients share it. */
export type OwnUse = Exclude<InstanceUse, 'shared'>;

/** A legacy connection to read lists from. */
export interface ListConnection {
  readonly connection: OpenConnection;
  /** Nothing more is read from it for now. */
  readonly release: () => void;
}

/** The legacy instances of one upstream that not all clients share; all count towards one limit. */
export class OwnInstances {
  readonly #options: OwnInstancesOptions;
  readonly #connections: SessionConnections;
  readonly #clients: ClientInstances;
  /**
   * Whether a session's client declares something that a server can make use of; sessions do not change their
   * mind.
   */
  readonly #isCapable = new WeakMap<ClientBinding, boolean>();
  /** The sessions whose instances were opened to read lists from, and for no call yet. */
  readonly #uncalled = new Map<ClientBinding, CancelTimer>();
  #cancelLook: CancelTimer | undefined;
  #requests = 0;

  constructor(options: OwnInstancesOptions) {
    this.#options = options;
    const { spec } = options;
    const passesRoots = spec.roots === 'pass';
    this.#connections = new SessionConnections({ ...options, upstream: spec.name, passesRoots });
    this.#clients = new ClientInstances({
      upstream: spec.name,
      declared: (capabilities) => this.#declared(capabilities),
      sessions: this.#connections,
      clock: options.clock,
      isWatched: options.isWatched,
    });
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Calls under way on all of them. */
  get inFlight(): number {
    return this.#connections.inFlight;
  }

  /** The connections that are open. */
  get open(): readonly OpenConnection[] {
    return this.#connections.open;
  }

  /** Opens a connection in place of one that {@link onClosed} has removed. */
  openAgain(binding: ClientBinding, done: OnConnection): void {
    this.#connections.connectionFor(binding, done);
  }

  /** Whose instance the client's requests run on. */
  useOf(client: ClientContext): InstanceUse {
    const { instances } = this.#options.spec;
    return instanceUse(instances, client, instances === 'auto' && this.#needsOwn(client));
  }

  /**
   * @param model - An open legacy connection to the same upstream.
   * @param done - Called before this returns when the connection is open.
   */
  connectionFor(
    use: OwnUse,
    client: ClientContext,
    model: OpenConnection,
    done: (result: UpstreamConnection | GatewayError) => void,
  ): void {
    if (use !== 'request') return this.persistentConnectionFor(use, client, done);
    const open = (binding: ClientBinding, opened: OnConnection): void =>
      this.#connections.connectionFor(binding, opened);
    const { clock } = this.#options;
    const declared = this.#declared(client.capabilities);
    done(new RequestConnection({ client, declared, key: this.#requestKey(), model, clock, open }));
  }

  /** A connection that stays. @param done - Called before this returns when it is open. */
  persistentConnectionFor(use: Exclude<OwnUse, 'request'>, client: ClientContext, done: OnConnection): void {
    const { session } = client;
    if (use !== 'session' || session === undefined) return this.#clients.connectionFor(client, done);
    if (this.#uncalled.size > 0) this.#keep(session);
    if (this.#options.spec.instances === 'auto') this.#cancelLook ??= this.#lookLater();
    this.#connections.connectionFor(session, done);
  }

  /** The client's connection, when it is open. */
  connectionOf(use: OwnUse, client: ClientContext): OpenConnection | undefined {
    if (use === 'request') return undefined;
    return use === 'session' && client.session !== undefined
      ? this.#connections.connectionOf(client.session)
      : this.#clients.connectionOf(client);
  }

  /** Whether the client has a connection, or will have one soon. */
  has(client: ClientContext): boolean {
    const use = this.useOf(client);
    if (use === 'shared' || use === 'request') return false;
    return use === 'session' && client.session !== undefined
      ? this.#connections.has(client.session)
      : this.#clients.has(client);
  }

  /**
   * A connection that is told what the client declares, to read lists from: the client's own, or one for the
   * time of reading.
   */
  listConnectionFor(
    use: OwnUse,
    client: ClientContext,
    done: (result: ListConnection | GatewayError) => void,
  ): void {
    const { session, era, capabilities } = client;
    if (use !== 'request') {
      const isNew = use === 'session' && session !== undefined && !this.#connections.has(session);
      this.persistentConnectionFor(use, client, (connection) =>
        done(connection instanceof GatewayError ? connection : { connection, release() {} }),
      );
      if (isNew) this.#closeUncalled(session);
      return;
    }
    const binding = new SharedClientBinding({
      key: this.#requestKey(),
      principal: client.principal,
      era,
      capabilities: session === undefined ? this.#declared(capabilities) : capabilities,
    });
    this.#connections.connectionFor(binding, (connection) => {
      if (connection instanceof GatewayError) binding.end();
      done(connection instanceof GatewayError ? connection : { connection, release: () => binding.end() });
    });
  }

  /** Whether a connection that was handed out here is still open. */
  isOpen(connection: UpstreamConnection): boolean {
    return (
      connection.binding !== undefined && this.#connections.connectionOf(connection.binding) === connection
    );
  }

  onClosed(connection: OpenConnection): void {
    this.#connections.onClosed(connection);
  }

  /** @param error - What those are told who still wait for a connection. */
  async close(error: GatewayError): Promise<void> {
    this.#clients.close();
    for (const cancelTimer of this.#uncalled.values()) cancelTimer();
    this.#uncalled.clear();
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    await this.#connections.close(error);
  }

  #lookLater(): CancelTimer {
    const { clock } = this.#options;
    return clock.after(LOOK_MS, () => {
      this.#connections.dropIdle(clock.monotonicMs() - IDLE_MS);
      this.#cancelLook = this.#connections.size === 0 ? undefined : this.#lookLater();
    });
  }

  #closeUncalled(session: ClientBinding): void {
    const cancelTimer = this.#options.clock.after(UNCALLED_MS, () => {
      this.#keep(session);
      this.#connections.drop(session);
    });
    const release = session.onEnd(() => this.#keep(session));
    this.#uncalled.set(session, () => {
      cancelTimer();
      release();
    });
  }

  #keep(session: ClientBinding): void {
    this.#uncalled.get(session)?.();
    this.#uncalled.delete(session);
  }

  #requestKey(): string {
    return `request ${++this.#requests}`;
  }

  #needsOwn(client: ClientContext): boolean {
    const { session } = client;
    if (session === undefined) return this.#clients.needs(client);
    let answer = this.#isCapable.get(session);
    if (answer === undefined)
      this.#isCapable.set(session, (answer = this.#declared(session.capabilities) !== '{}'));
    return answer;
  }

  /** What a legacy server can make use of, and may hear of. */
  #declared(capabilities: string): string {
    return capabilitiesAcrossEras(declaredUnder(this.#options.spec.roots, capabilities));
  }
}
