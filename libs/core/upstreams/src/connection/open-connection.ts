import type { RpcMessage } from '@omni/jsonrpc';
import type { ClientBinding, Dialect, Dialects, LifecycleOwner, UpstreamConnection } from '@omni/model';
import type {
  ByteBudget,
  ChannelDialer,
  ChildLauncher,
  Clock,
  CredentialProvider,
  CredentialValues,
  GatewayError,
  HttpClient,
  Logger,
  Millis,
  OwnerReport,
  UpstreamSpec,
} from '@omni/ports';
import type { ProbedConnection } from '../probing/probe.ts';
import type { Prober } from '../probing/prober.ts';
import type { CallChains } from './call-chains.ts';
import type { Deadlines } from './deadlines.ts';
import type { EraMemory } from './era-memory.ts';
import type { GatewayIdentity } from './mcp-revision.ts';
import type { StartLimiter } from '../starting/start-limiter.ts';
import type { UpstreamCredentials } from '../credentials/upstream-credentials.ts';
import type { UpstreamLimits } from './upstream-limits.ts';

/** The lists of capabilities that an upstream can declare changed. */
export type ListKind = 'tools' | 'prompts' | 'resources';
export const LIST_KINDS: readonly ListKind[] = ['tools', 'prompts', 'resources'];

/** What every connection of a gateway shares. */
export interface ConnectionContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly identity: GatewayIdentity;
  readonly limits: UpstreamLimits;
  /** Budget for incomplete messages of upstreams. */
  readonly budget: ByteBudget;
  readonly deadlines: Deadlines;
  readonly eras: EraMemory;
  readonly chains: CallChains;
  readonly starts: StartLimiter;
  readonly dialects: Dialects;
  /** Uniform in 0 ≤ x < 1; spreads reconnects. */
  readonly random: () => number;
  /** Where credentials beside the configured ones come from. */
  readonly credentials: CredentialProvider;
  /** Who decides what becomes of an upstream. */
  readonly lifecycle: LifecycleOwner;
  readonly prober: Pick<Prober, 'begin'>;
  /** Absent where processes cannot be started. */
  readonly launcher: ChildLauncher | undefined;
  /** Absent where WebSockets and sockets cannot be connected. */
  readonly dialer: ChannelDialer | undefined;
  /** Absent where HTTP upstreams cannot be reached. */
  readonly http: HttpClient | undefined;
}

/** Told what happens on a connection outside of its calls. */
export interface ConnectionEvents {
  /**
   * The connection broke by itself: its calls have failed, new ones will. Called at most once, never after
   * {@link OpenConnection.close}.
   */
  onClosed(connection: OpenConnection, reason: GatewayError): void;
  onListsChanged(connection: OpenConnection, kind: ListKind): void;
  /** @returns Whether somebody on this connection has subscribed to the resource. */
  onResourceUpdated(connection: OpenConnection, uri: string, message: RpcMessage): boolean;
  /**
   * The upstream lost its session and the connection has a new one: subscriptions are gone, and it may be
   * another version with other lists.
   */
  onReinitialized(connection: OpenConnection): void;
}

/** What a connection is made of, whatever its transport. */
export interface ConnectionOptions {
  readonly spec: UpstreamSpec;
  readonly credentials: UpstreamCredentials;
  readonly context: ConnectionContext;
  readonly events: ConnectionEvents;
  /** The session that the connection belongs to; `undefined` when clients share it. */
  readonly binding: ClientBinding | undefined;
  /** Told what the upstream writes that is no answer to anybody. */
  readonly onReport: (report: OwnerReport) => void;
  /** What the upstream speaks in place of the revision that is spoken inside; found by the handshake. */
  readonly dialect?: Dialect | undefined;
}

/** What was dropped on a connection, for the operator. */
export interface ConnectionCounters {
  /** Lines and events that are no message. */
  framingError: number;
  /** Answers to nothing: unknown, late, doubled, or with the id in another type. */
  strayAnswers: number;
  /** Notifications that belong to nobody, or to a reader that is too slow. */
  droppedNotifications: number;
  /** Requests of the upstream that could not be put to a client. */
  refusedRequests: number;
}

/** A connection as its binding holds it. */
export interface OpenConnection extends UpstreamConnection, ProbedConnection {
  readonly counters: Readonly<ConnectionCounters>;
  /** Calls under way, and those that wait in a stage. */
  readonly inFlight: number;
  /** Calls of clients that the server has. */
  readonly clientCalls: number;
  /** Calls that wait in a stage. */
  readonly waitingCalls: number;
  /** Monotonic: since when a client waits, or could, and nothing was received. */
  readonly silentSinceMs: Millis;
  /** Whether a client has yet to answer a server request, so that a further one could not be attributed. */
  readonly isHeldUp: boolean;
  /**
   * The credentials that it holds to as long as it is open; `undefined` where each request asks for those in
   * force.
   */
  readonly boundTo: CredentialValues | undefined;
  /** The headers in force are others: streams that are open are opened again with them, calls go on. */
  renewStreams(): void;
  /**
   * Fails what runs and ends the connection. Resolves when the other side is gone, or was given enough time.
   *
   * @param reason - What calls fail with. Default: that the upstream was stopped.
   */
  close(reason?: GatewayError): Promise<void>;
}
