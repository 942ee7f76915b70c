import { GatewayError, type CancelTimer, type Clock } from '@omni/ports';
import { capabilitiesAcrossEras, type ClientContext } from '@omni/wire';
import { canonicalJson } from './canonical-json.ts';
import { ClientOwner } from './client-owner.ts';
import type { OnLink } from './lazy-link.ts';
import type { OpenLink } from './open-link.ts';
import type { SessionLinks } from './session-links.ts';

export interface ClientInstancesOptions {
  readonly upstream: string;
  readonly sessions: SessionLinks;
  readonly clock: Clock;
}

/** An instance that nobody uses is closed after this time. */
const IDLE_MS = 5 * 60_000;
/** One principal chooses its capabilities freely: it must not use up what there is for all. */
const MAX_PER_PRINCIPAL = 8;
/** Sets of capabilities whose canonical form is remembered. */
const MAX_REMEMBERED = 256;
/** A client that declares more than this, in characters, is told to no upstream. */
const MAX_CAPABILITIES = 16_384;

interface Instance {
  readonly owner: ClientOwner;
  readonly principalId: string;
  lastUsedMs: number;
}

/**
 * The legacy instances of one upstream that belong to modern clients: one for each principal and set of client capabilities, so that
 * the upstream is told exactly what it may ask for.
 *
 * @see protocol.md R11, R15.
 */
export class ClientInstances {
  readonly #options: ClientInstancesOptions;
  readonly #instances = new Map<string, Instance>();
  /** Canonical form of capabilities by their text; `undefined` for those that an upstream cannot make use of. */
  readonly #canonical = new Map<string, string | undefined>();
  #cancelSweep: CancelTimer | undefined;

  constructor(options: ClientInstancesOptions) {
    this.#options = options;
  }

  /** Whether an upstream can make use of what the client declares. */
  needs({ capabilities }: ClientContext): boolean {
    return this.#canonicalOf(capabilities) !== undefined;
  }

  /** @param client - One that {@link needs} an instance. @param done - Called before this returns when its link is open. */
  linkFor(client: ClientContext, done: OnLink): void {
    const { clock, sessions } = this.#options;
    const key = this.#keyOf(client);
    let instance = this.#instances.get(key);
    if (instance === undefined) {
      const full = this.#makeRoom(client.principal.id);
      if (full !== undefined) return done(full);
      const owner = new ClientOwner(key, capabilitiesAcrossEras(client.capabilities));
      instance = { owner, principalId: client.principal.id, lastUsedMs: 0 };
      this.#instances.set(key, instance);
      this.#cancelSweep ??= clock.after(IDLE_MS, this.#sweep);
    }
    instance.lastUsedMs = clock.monotonicMs();
    sessions.linkFor(instance.owner, (result) => {
      // What did not come up takes no room.
      if (result instanceof GatewayError && this.#instances.get(key) === instance) this.#instances.delete(key);
      done(result);
    });
  }

  /** The client's link, when it is open. */
  linkOf(client: ClientContext): OpenLink | undefined {
    const instance = this.#instances.get(this.#keyOf(client));
    return instance === undefined ? undefined : this.#options.sessions.linkOf(instance.owner);
  }

  /** Forgets everything; the links are closed by {@link SessionLinks.close}. */
  close(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    this.#instances.clear();
  }

  /** @returns Why there is no room for another instance of this principal. */
  #makeRoom(principalId: string): GatewayError | undefined {
    const own = [...this.#instances.values()].filter((instance) => instance.principalId === principalId);
    if (own.length >= MAX_PER_PRINCIPAL && !this.#endIdlest(own)) {
      const { upstream } = this.#options;
      return new GatewayError(
        'OMNI_OVERLOADED',
        `"${upstream}" serves ${own.length} sets of capabilities of this user at once, which is the most`,
      );
    }
    // Instances of sessions are never taken away, so it may still be full; the links say so then.
    if (this.#options.sessions.isFull) this.#endIdlest([...this.#instances.values()]);
    return undefined;
  }

  #endIdlest(instances: readonly Instance[]): boolean {
    const [idlest] = instances.filter((instance) => !this.#isBusy(instance)).toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
    if (idlest !== undefined) this.#end(idlest);
    return idlest !== undefined;
  }

  readonly #sweep = (): void => {
    const { clock } = this.#options;
    const now = clock.monotonicMs();
    for (const instance of [...this.#instances.values()]) {
      if (this.#isBusy(instance)) instance.lastUsedMs = now;
      else if (now - instance.lastUsedMs >= IDLE_MS) this.#end(instance);
    }
    this.#cancelSweep = this.#instances.size === 0 ? undefined : clock.after(IDLE_MS / 5, this.#sweep);
  };

  #isBusy({ owner }: Instance): boolean {
    return this.#options.sessions.isOpening(owner) || (this.#options.sessions.linkOf(owner)?.inFlight ?? 0) > 0;
  }

  #end(instance: Instance): void {
    this.#instances.delete(instance.owner.key);
    instance.owner.end();
  }

  #keyOf({ principal, capabilities }: ClientContext): string {
    return `client ${JSON.stringify(principal.id)} ${this.#canonicalOf(capabilities) ?? '{}'}`;
  }

  #canonicalOf(capabilities: string): string | undefined {
    if (capabilities.length > MAX_CAPABILITIES) return undefined;
    if (this.#canonical.has(capabilities)) return this.#canonical.get(capabilities);
    if (this.#canonical.size >= MAX_REMEMBERED) this.#canonical.clear();
    const canonical = canonicalJson(capabilitiesAcrossEras(capabilities));
    const known = canonical === '{}' ? undefined : canonical;
    this.#canonical.set(capabilities, known);
    return known;
  }
}
