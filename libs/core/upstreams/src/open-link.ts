import type { ByteBudget, ChannelDialer, ChildLauncher, Clock, GatewayError, HttpClient, Logger, UpstreamSpec } from '@omni/ports';
import type { RpcMessage, SessionOwner, UpstreamLink } from '@omni/wire';
import type { Deadlines } from './deadlines.ts';
import type { EraMemory } from './era-memory.ts';
import type { UpstreamLimits } from './upstream-limits.ts';

/** The lists of capabilities that an upstream can declare changed. */
export const LIST_KINDS = ['tools', 'prompts', 'resources'] as const;
export type ListKind = (typeof LIST_KINDS)[number];

/** What Omni says of itself to upstreams. */
export interface GatewayIdentity {
  readonly name: string;
  readonly version: string;
}

/** What every link of a gateway shares. */
export interface LinkContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly identity: GatewayIdentity;
  readonly limits: UpstreamLimits;
  /** For messages of upstreams that are not complete. Default: none is counted. */
  readonly budget?: ByteBudget;
  readonly deadlines: Deadlines;
  readonly eras: EraMemory;
  /** Uniform in 0 ≤ x < 1; spreads reconnects. */
  readonly random: () => number;
  /** Absent where processes cannot be started. */
  readonly launcher: ChildLauncher | undefined;
  /** Absent where WebSockets and sockets cannot be connected. */
  readonly dialer: ChannelDialer | undefined;
  /** Absent where HTTP upstreams cannot be reached. */
  readonly http: HttpClient | undefined;
}

/** Told what happens on a link outside of its calls. */
export interface LinkEvents {
  /** The link broke by itself: its calls have failed, new ones will. Called at most once, never after {@link OpenLink.close}. */
  onClosed(link: OpenLink, reason: GatewayError): void;
  onListsChanged(link: OpenLink, kind: ListKind): void;
  /** @returns Whether somebody on this link has subscribed to the resource. */
  onResourceUpdated(link: OpenLink, uri: string, message: RpcMessage): boolean;
  /** The upstream lost its session and the link has a new one: subscriptions are gone, and it may be another version with other lists. */
  onReinitialized(link: OpenLink): void;
}

/** What a link is made of, whatever its transport. */
export interface LinkOptions {
  readonly spec: UpstreamSpec;
  readonly context: LinkContext;
  readonly events: LinkEvents;
  /** The session that the link belongs to; `undefined` when clients share it. */
  readonly owner: SessionOwner | undefined;
}

/** What was dropped on a link, for the operator. */
export interface LinkCounters {
  /** Lines and events that are no message. */
  garbage: number;
  /** Answers to nothing: unknown, late, doubled, or with the id in another type. */
  strayAnswers: number;
  /** Notifications that belong to nobody, or to a reader that is too slow. */
  droppedNotifications: number;
  /** Requests of the upstream that could not be put to a client. */
  refusedRequests: number;
}

/** A link as its owner holds it. */
export interface OpenLink extends UpstreamLink {
  readonly counters: Readonly<LinkCounters>;
  /** Calls under way. */
  readonly inFlight: number;
  /** Whether a client has yet to answer a question, and nothing would tell whose a further one is. */
  readonly isHeldUp: boolean;
  /** Fails what runs and ends the connection. Resolves when the other side is gone, or was given enough time. */
  close(): Promise<void>;
}
