import type { ClientBinding, ClientContext } from '@omni/model';
import { type CancelTimer, type Clock, GatewayError, sharerOf } from '@omni/ports';
import { canonicalJson } from './canonical-json.ts';
import { SharedClientBinding } from './shared-client-binding.ts';
import { MAX_CAPABILITIES } from './variant-keys.ts';
import type { OnConnection } from './lazy-connection.ts';
import type { OpenConnection } from '../connection/open-connection.ts';
import type { SessionConnections } from './session-connections.ts';

export interface ClientInstancesOptions {
  readonly upstream: string;
  /** What of a client's capabilities a server can make use of, and may hear of. */
  readonly declared: (capabilities: string) => string;
  readonly sessions: SessionConnections;
  readonly clock: Clock;
  /** Whether somebody watches a resource on the connection. */
  readonly isWatched: (connection: OpenConnection) => boolean;
}

/** An instance that nobody uses is closed after this time. */
const IDLE_MS = 5 * 60_000;
/** One principal chooses its capabilities freely: it must not use up what there is for all. */
const MAX_PER_PRINCIPAL = 8;
/** Sets of capabilities whose canonical form is remembered. */
const MAX_REMEMBERED = 256;

interface Instance {
  readonly binding: SharedClientBinding;
  /** What its clients have in common. */
  readonly group: string;
  /** Who had it opened. */
  readonly sharer: string;
  /**
   * The sessions that have used it and have not ended, with what stops listening to their end: what the
   * server keeps in it may be theirs.
   */
  readonly sessions: Map<ClientBinding, () => void>;
  lastUsedMs: number;
}

/**
 * The legacy instances of one upstream that equal clients share: one for each principal, era and set of
 * client capabilities, so that the upstream is told exactly what it may ask for. Where questions carry no
 * address, an instance whose client has yet to answer takes no further calls as long as there is room for
 * another one.
 *
 * @see PROTO-R11, PROTO-R15.
 */
export class ClientInstances {
  readonly #options: ClientInstancesOptions;
  readonly #instances = new Set<Instance>();
  /**
   * Canonical form of capabilities by their text; `undefined` for those that an upstream cannot make use of.
   */
  readonly #canonical = new Map<string, string | undefined>();
  #opened = 0;
  #cancelSweep: CancelTimer | undefined;

  constructor(options: ClientInstancesOptions) {
    this.#options = options;
  }

  /** Whether an upstream can make use of what the client declares. */
  needs({ capabilities }: ClientContext): boolean {
    return this.#canonicalOf(capabilities) !== undefined;
  }

  /** @param done - Called before this returns when the connection is open. */
  connectionFor(client: ClientContext, done: OnConnection): void {
    const { clock, sessions } = this.#options;
    const own = this.#groupOf(client);
    const instance =
      own.find(({ binding }) => sessions.connectionOf(binding)?.isHeldUp !== true) ??
      this.#add(client, own.length === 0) ??
      own[0];
    if (instance === undefined) {
      const { upstream } = this.#options;
      return done(
        new GatewayError(
          'OMNI_OVERLOADED',
          `"${upstream}" serves ${MAX_PER_PRINCIPAL} instances of this user at once, which is the most`,
        ),
      );
    }
    instance.lastUsedMs = clock.monotonicMs();
    if (client.session !== undefined) this.#keepFor(instance, client.session);
    sessions.connectionFor(instance.binding, (result) => {
      // What did not come up takes no room; one that has been refused a wait has come up, or will.
      if (result instanceof GatewayError && !sessions.isOpening(instance.binding)) this.#forget(instance);
      done(result);
    });
  }

  /** The client's connection, when it is open. */
  connectionOf(client: ClientContext): OpenConnection | undefined {
    const [instance] = this.#groupOf(client);
    return instance === undefined ? undefined : this.#options.sessions.connectionOf(instance.binding);
  }

  /** Whether the client has an instance, or will have one soon. */
  has(client: ClientContext): boolean {
    return this.#groupOf(client).length > 0;
  }

  /** Forgets everything; the connections are closed by {@link SessionConnections.close}. */
  close(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    for (const instance of [...this.#instances]) this.#forget(instance);
  }

  /**
   * @param isNeeded - Whether the client has no instance at all.
   * @returns `undefined` when there is no room.
   */
  #add(client: ClientContext, isNeeded: boolean): Instance | undefined {
    const { clock, sessions, declared } = this.#options;
    const { principal, era } = client;
    const own = [...this.#instances].filter(({ sharer }) => sharer === sharerOf(principal));
    // guard: instance/per-principal
    if (own.length >= MAX_PER_PRINCIPAL && !this.#endIdlest(own)) return undefined;
    // Whether others make room for who needs one, the connections decide.
    if (sessions.isFull && !this.#endIdlest(/* guard: instance/of-others */ own) && !isNeeded)
      return undefined;
    const group = this.#keyOf(client);
    const capabilities = this.needs(client) ? declared(client.capabilities) : '{}';
    const binding = new SharedClientBinding({
      key: `${group} ${++this.#opened}`,
      principal,
      era,
      capabilities,
    });
    const instance: Instance = {
      binding,
      group,
      sharer: sharerOf(principal),
      sessions: new Map(),
      lastUsedMs: 0,
    };
    binding.leftover = {
      isIdle: () => !this.#isBusy(instance) && !this.#isKept(instance),
      giveWay: () => this.#end(instance),
    };
    this.#instances.add(instance);
    this.#cancelSweep ??= clock.after(IDLE_MS, this.#sweep);
    return instance;
  }

  #endIdlest(instances: readonly Instance[]): boolean {
    const idle = instances
      .filter((instance) => !this.#isBusy(instance))
      .toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
    const idlest = idle.find((instance) => !this.#isKept(instance)) ?? idle[0];
    if (idlest !== undefined) this.#end(idlest);
    return idlest !== undefined;
  }

  readonly #sweep = (): void => {
    const { clock } = this.#options;
    const now = clock.monotonicMs();
    for (const instance of [...this.#instances]) {
      if (this.#isBusy(instance) || this.#isKept(instance)) instance.lastUsedMs = now;
      else if (/* guard: instance/idle */ now - instance.lastUsedMs >= IDLE_MS) this.#end(instance);
    }
    this.#cancelSweep = this.#instances.size === 0 ? undefined : clock.after(IDLE_MS / 5, this.#sweep);
  };

  #isBusy({ binding }: Instance): boolean {
    return (
      this.#options.sessions.isOpening(binding) ||
      /* guard: instance/busy */ (this.#options.sessions.connectionOf(binding)?.inFlight ?? 0) > 0
    );
  }

  /** Without a call, but not without a use. */
  #isKept({ binding, sessions }: Instance): boolean {
    const connection = this.#options.sessions.connectionOf(binding);
    return sessions.size > 0 || (connection !== undefined && this.#options.isWatched(connection));
  }

  #keepFor(instance: Instance, session: ClientBinding): void {
    if (instance.sessions.has(session)) return;
    instance.sessions.set(session, () => {});
    const release = session.onEnd(() => instance.sessions.delete(session));
    // One that has ended already says so at once.
    if (instance.sessions.has(session)) instance.sessions.set(session, release);
  }

  #end(instance: Instance): void {
    this.#forget(instance);
    instance.binding.end();
  }

  #forget(instance: Instance): void {
    this.#instances.delete(instance);
    for (const release of instance.sessions.values()) release();
  }

  /** The instances that the client may use, oldest first. */
  #groupOf(client: ClientContext): readonly Instance[] {
    const group = this.#keyOf(client);
    return [...this.#instances].filter((instance) => instance.group === group);
  }

  #keyOf({ principal, capabilities, era }: ClientContext): string {
    return /* guard: instance/own-principal, instance/own-capabilities */ `${era} client ${JSON.stringify(principal.id)} ${this.#canonicalOf(capabilities) ?? '{}'}`;
  }

  #canonicalOf(capabilities: string): string | undefined {
    // guard: instance/capability-length
    if (capabilities.length > MAX_CAPABILITIES) return undefined;
    if (this.#canonical.has(capabilities)) return this.#canonical.get(capabilities);
    if (this.#canonical.size >= MAX_REMEMBERED) this.#canonical.clear();
    const canonical = canonicalJson(this.#options.declared(capabilities));
    const known = canonical === '{}' ? undefined : canonical;
    this.#canonical.set(capabilities, known);
    return known;
  }
}
