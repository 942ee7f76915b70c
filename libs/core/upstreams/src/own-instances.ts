import { GatewayError, type CancelTimer, type Clock, type UpstreamSpec } from '@omni/ports';
import { capabilitiesAcrossEras, type ClientContext, type SessionOwner, type UpstreamLink } from '@omni/wire';
import { ClientInstances } from './client-instances.ts';
import { ClientOwner } from './client-owner.ts';
import { instanceUse, type InstanceUse } from './instance-use.ts';
import type { OnLink } from './lazy-link.ts';
import type { OpenLink } from './open-link.ts';
import { RequestLink } from './request-link.ts';
import { SessionLinks } from './session-links.ts';

export interface OwnInstancesOptions {
  readonly spec: UpstreamSpec;
  readonly clock: Clock;
  readonly maxInstances: number;
  /** Opens a legacy link; returns what gives the attempt up. */
  readonly open: (owner: SessionOwner, done: OnLink) => () => void;
  /** Whether somebody watches a resource on the link. */
  readonly isWatched: (link: OpenLink) => boolean;
}

/** A session's instance that lists were read from, and that runs no call in this time, is closed until there is one. */
const UNCALLED_MS = 60_000;

/** Whose instance it is, unless all clients share it. */
export type OwnUse = Exclude<InstanceUse, 'shared'>;

/** A legacy link to read lists from. */
export interface ListLink {
  readonly link: OpenLink;
  /** Nothing more is read from it for now. */
  readonly release: () => void;
}

/** The legacy instances of one upstream that not all clients share; all count towards one limit. */
export class OwnInstances {
  readonly #options: OwnInstancesOptions;
  readonly #links: SessionLinks;
  readonly #clients: ClientInstances;
  /** Whether a session's client declares something that a server can make use of; sessions do not change their mind. */
  readonly #isCapable = new WeakMap<SessionOwner, boolean>();
  /** The sessions whose instances were opened to read lists from, and for no call yet. */
  readonly #uncalled = new Map<SessionOwner, CancelTimer>();
  #requests = 0;

  constructor(options: OwnInstancesOptions) {
    this.#options = options;
    const { spec, clock, maxInstances, open, isWatched } = options;
    this.#links = new SessionLinks({ upstream: spec.name, maxInstances, open });
    this.#clients = new ClientInstances({ upstream: spec.name, sessions: this.#links, clock, isWatched });
  }

  get size(): number {
    return this.#links.size;
  }

  /** Whose instance the client's requests run on. */
  useOf(client: ClientContext): InstanceUse {
    const { instances } = this.#options.spec;
    return instanceUse(instances, client, instances === 'auto' && this.#needsOwn(client));
  }

  /**
   * @param model - An open legacy link to the same upstream.
   * @param done - Called before this returns when the link is open.
   */
  linkFor(use: OwnUse, client: ClientContext, model: OpenLink, done: (result: UpstreamLink | GatewayError) => void): void {
    if (use !== 'request') return this.lastingLinkFor(use, client, done);
    const open = (owner: SessionOwner, opened: OnLink): void => this.#links.linkFor(owner, opened);
    done(new RequestLink({ client, key: this.#requestKey(), model, clock: this.#options.clock, open }));
  }

  /** A link that stays. @param done - Called before this returns when it is open. */
  lastingLinkFor(use: Exclude<OwnUse, 'request'>, client: ClientContext, done: OnLink): void {
    const { session } = client;
    if (use !== 'session' || session === undefined) return this.#clients.linkFor(client, done);
    if (this.#uncalled.size > 0) this.#keep(session);
    this.#links.linkFor(session, done);
  }

  /** The client's link, when it is open. */
  linkOf(use: OwnUse, client: ClientContext): OpenLink | undefined {
    if (use === 'request') return undefined;
    return use === 'session' && client.session !== undefined ? this.#links.linkOf(client.session) : this.#clients.linkOf(client);
  }

  /** A link that is told what the client declares, to read lists from: the client's own, or one for the time of reading. */
  listLinkFor(use: OwnUse, client: ClientContext, done: (result: ListLink | GatewayError) => void): void {
    const { session, era, capabilities } = client;
    if (use !== 'request') {
      const isNew = use === 'session' && session !== undefined && !this.#links.has(session);
      this.lastingLinkFor(use, client, (link) => done(link instanceof GatewayError ? link : { link, release() {} }));
      if (isNew) this.#closeUncalled(session);
      return;
    }
    const owner = new ClientOwner(this.#requestKey(), era, session === undefined ? capabilitiesAcrossEras(capabilities) : capabilities);
    this.#links.linkFor(owner, (link) => {
      if (link instanceof GatewayError) owner.end();
      done(link instanceof GatewayError ? link : { link, release: () => owner.end() });
    });
  }

  /** Whether a link that was handed out here is still open. */
  isOpen(link: UpstreamLink): boolean {
    return link.owner !== undefined && this.#links.linkOf(link.owner) === link;
  }

  onClosed(link: OpenLink): void {
    this.#links.onClosed(link);
  }

  /** @param error - What those are told who still wait for a link. */
  async close(error: GatewayError): Promise<void> {
    this.#clients.close();
    for (const cancelTimer of this.#uncalled.values()) cancelTimer();
    this.#uncalled.clear();
    await this.#links.close(error);
  }

  #closeUncalled(session: SessionOwner): void {
    const cancelTimer = this.#options.clock.after(UNCALLED_MS, () => {
      this.#uncalled.delete(session);
      this.#links.drop(session);
    });
    this.#uncalled.set(session, cancelTimer);
    session.onEnd(() => this.#keep(session));
  }

  #keep(session: SessionOwner): void {
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
    if (answer === undefined) this.#isCapable.set(session, (answer = capabilitiesAcrossEras(session.capabilities) !== '{}'));
    return answer;
  }
}
