import {
  ALL_SERVERS,
  type CatalogueViews,
  type ClientContext,
  type Dialects,
  type Endpoint,
  NO_DIALECTS,
  OMNI_STOPPED,
} from '@omni/model';
import {
  GatewayError,
  type ComponentStatus,
  type Clock,
  type Exchange,
  type Logger,
  type Millis,
  onConnection,
  type OpenChannel,
  type Principal,
  type Random,
} from '@omni/ports';
import { ChannelFront } from './channel/channel-front.ts';
import type {
  Authentication,
  Dispatch,
  FrontLimits,
  HostCheck,
  Identity,
  MemoryPressure,
  RequestWatch,
  ResourceUpdates,
  SessionScope,
} from './collaborators.ts';
import { EndpointAccess, refusal, type EndpointDecision } from './http/endpoint-access.ts';
import type { EndpointRequest } from './http/endpoint-request.ts';
import { HttpFront, type Probes } from './http/http-front.ts';
import type { SessionDependencies } from './legacy/legacy-session.ts';
import { LegacySessions } from './legacy/legacy-sessions.ts';
import { ListenHub } from './modern/listen-hub.ts';
import { ModernRequests } from './modern/modern-requests.ts';
import { Admission } from './request/admission.ts';
import { FairUpdates } from './request/fair-updates.ts';
import { FrontRequests } from './request/front-requests.ts';
import { ListAnswers } from './request/list-answers.ts';
import { RequestLog } from './request/request-log.ts';
import { SseFront } from './http/sse-front.ts';
import { StreamTicker } from './streams/stream-ticker.ts';

export interface ProtocolHandlerOptions {
  readonly views: CatalogueViews;
  readonly dispatch: Dispatch;
  readonly updates: ResourceUpdates;
  readonly authentication: Authentication;
  readonly hostCheck: HostCheck;
  readonly probes: Probes;
  readonly identity: Identity;
  readonly limits: FrontLimits;
  /** Names of headers of clients that some server is told, in lower case. Default: none. */
  readonly forwardable?: readonly string[];
  /** Whether clients of the transport HTTP+SSE (2024-11-05) are served at `/sse`. */
  readonly legacySse: boolean;
  /** Opens what belongs to a legacy session. Default: nothing. */
  readonly openSessionScope?: ((client: ClientContext) => SessionScope) | undefined;
  /** Revisions of the modern era that are not spoken inside. Default: none. */
  readonly dialects?: Dialects;
  readonly clock: Clock;
  /** Default: the runtime's. */
  readonly random?: Random;
  /** Default: nobody looks at it. */
  readonly memory?: MemoryPressure | undefined;
  /** Default: nobody watches. */
  readonly watch?: RequestWatch | undefined;
  /** The share of requests that are logged at info, from 0 to 1. Default: 0. */
  readonly infoShare?: number;
  readonly logger: Logger;
}

/** What is checked of a request before anything of its body is read. */
export type RequestChecks = Partial<Pick<ProtocolHandlerOptions, 'authentication' | 'hostCheck'>>;

/** What is spoken, for the curious. */
export interface Advertisement {
  readonly supportedVersions: readonly string[];
  /** Capabilities of the endpoint of all servers, as JSON, for the modern era. */
  readonly capabilities: string;
}

export interface BindOptions {
  readonly principal: Principal;
  /** Default: all servers. */
  readonly endpoint?: Endpoint;
  /** Whether the client still reads after its side has ended, as at the end of a pipe. Default `false`. */
  readonly answersAfterEnd?: boolean;
  /** Called once, when the client's side has ended. */
  readonly onClosed?: () => void;
}

/** One client connection that is not HTTP. */
export interface Connection {
  /**
   * Monotonic: since when nothing would be lost with its end, no session and no call; `undefined` while
   * something would.
   */
  readonly idleSinceMs: number | undefined;
  close(): Promise<void>;
}

/** The front of the gateway: every transport and both eras meet here. */
export class ProtocolHandler {
  readonly #options: ProtocolHandlerOptions;
  readonly #admission: Admission;
  readonly #listens: ListenHub;
  readonly #sessions: LegacySessions;
  readonly #modern: ModernRequests;
  readonly #access: EndpointAccess;
  /** With those of handlers that have checks of their own. */
  readonly #accesses: EndpointAccess[] = [];
  readonly #http: HttpFront;
  readonly #dependencies: SessionDependencies;
  readonly #requests: FrontRequests;
  readonly #dialects: Dialects;
  readonly #connections = new Set<ChannelFront>();
  #connected = 0;
  #since: Millis;
  #isStopping = false;
  #endWaiting: () => void = () => {};

  constructor(options: ProtocolHandlerOptions) {
    this.#options = options;
    const { views, dispatch, identity, limits, clock, logger } = options;
    const updates = new FairUpdates(options.updates, clock);
    const { dialects = NO_DIALECTS } = options;
    this.#dialects = dialects;
    this.#since = clock.now();
    const ticker = new StreamTicker(clock);
    const lists = new ListAnswers(views);
    this.#admission = new Admission(limits, clock, options.memory);
    this.#requests = new FrontRequests(
      this.#admission,
      new RequestLog({
        logger,
        clock,
        random: options.random,
        infoShare: options.infoShare,
      }),
      options.watch,
    );
    this.#listens = new ListenHub({ views, updates, dispatch, clock });
    this.#modern = new ModernRequests({ views, dispatch, lists, listens: this.#listens, identity, dialects });
    this.#dependencies = {
      views,
      dispatch,
      updates,
      lists,
      identity,
      ticker,
      maxSessionInFlight: limits.maxSessionInFlight,
      openScope: options.openSessionScope,
    };
    this.#sessions = new LegacySessions({
      ...this.#dependencies,
      clock,
      maxSessions: limits.maxSessions,
      sessionIdleMs: limits.sessionIdleMs,
      logger,
    });
    this.#access = this.#accessWith({});
    const parts = {
      access: this.#access,
      modern: this.#modern,
      sessions: this.#sessions,
      admission: this.#admission,
      requests: this.#requests,
      ticker,
      forwardable: options.forwardable ?? [],
    };
    const sse = new SseFront({
      ...options,
      ...parts,
      bind: (open, client) => this.bind(open, client),
    });
    this.#http = new HttpFront({ ...options, dialects, ...parts, sse: options.legacySse ? sse : undefined });
  }

  /** Answers one HTTP exchange; never throws. */
  readonly handle = (exchange: Exchange): void => this.#http.handle(exchange);

  /**
   * A {@link handle} for requests that come another way: who sends them, and which `Host` and `Origin` they
   * may have, is decided by these.
   *
   * @param checks - Default of each: as in {@link ProtocolHandlerOptions}.
   */
  handlerWith(checks: RequestChecks): (exchange: Exchange) => void {
    const access = this.#accessWith(checks);
    return (exchange) => this.#http.handle(exchange, access);
  }

  #accessWith(checks: RequestChecks): EndpointAccess {
    const access = new EndpointAccess({ ...this.#options, ...checks });
    this.#accesses.push(access);
    return access;
  }

  /**
   * Whether a client may open a channel by a request, such as an upgrade: Host, Origin, token and endpoint
   * are checked as for {@link handle}.
   *
   * @returns A promise, which is never rejected, only where the authentication takes time.
   */
  admitChannel(request: EndpointRequest): EndpointDecision | Promise<EndpointDecision> {
    const decision =
      this.#access.admit(request) ??
      refusal(new GatewayError('OMNI_PATH_UNKNOWN', 'Nothing is served at this path'));
    return decision instanceof Promise ? decision.then(this.#unlessClosed) : this.#unlessClosed(decision);
  }

  readonly #unlessClosed = (decision: EndpointDecision): EndpointDecision => {
    const { closed } = this.#admission;
    return decision.kind === 'admitted' && closed !== undefined ? refusal(closed) : decision;
  };

  /**
   * Serves a client on a channel: stdio, a socket, or memory.
   *
   * The client may go at any time; a connection whose client still reads then lives until it is closed.
   */
  bind(
    open: OpenChannel,
    { principal, endpoint = ALL_SERVERS, answersAfterEnd = false, onClosed }: BindOptions,
  ): Connection {
    const key = `channel-${++this.#connected}`;
    const front: ChannelFront = new ChannelFront(
      {
        modern: this.#modern,
        dependencies: this.#dependencies,
        requests: this.#requests,
        limits: this.#options.limits,
        dialects: this.#dialects,
        logger: this.#options.logger,
        principal: onConnection(principal, key),
        endpoint,
        key,
        answersAfterEnd,
      },
      open,
      () => {
        if (!answersAfterEnd) this.#connections.delete(front);
        onClosed?.();
      },
    );
    this.#connections.add(front);
    return {
      get idleSinceMs() {
        return front.idleSinceMs;
      },
      close: () => {
        this.#connections.delete(front);
        return front.close();
      },
    };
  }

  advertise(): Advertisement {
    return {
      supportedVersions: this.#dialects.supported,
      capabilities: this.#options.views.of({ endpoint: ALL_SERVERS, era: 'modern', capabilities: '{}' })
        .capabilities,
    };
  }

  getStatus(): ComponentStatus {
    const details = {
      sessions: this.#sessions.size,
      connections: this.#connections.size,
      listens: this.#listens.size,
      inFlight: this.#admission.inFlight,
      waiting: this.#admission.waiting,
      authenticating: this.#accesses.reduce((sum, { pending }) => sum + pending, 0),
      requests: this.#requests.begun,
      settled: this.#requests.settled,
    };
    return { level: this.#isStopping ? 'warn' : 'ok', details, since: this.#since };
  }

  /** Makes a running {@link stop} wait no longer. */
  forceStop(): void {
    this.#endWaiting();
  }

  /**
   * Takes nothing new, ends listens with their graceful result, lets running requests finish, then ends the
   * sessions.
   *
   * @param deadlineMs - How long running requests may take; what is left is cancelled and answered with
   * `OMNI_SHUTTING_DOWN`.
   */
  async stop({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    this.#isStopping = true;
    this.#since = this.#options.clock.now();
    this.#admission.close();
    for (const access of this.#accesses) access.stop();
    this.#listens.stop();
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(deadlineMs, resolve);
      this.#endWaiting = () => {
        cancel();
        resolve();
      };
      this.#admission.whenIdle(this.#endWaiting);
    });
    const reason = new GatewayError('OMNI_SHUTTING_DOWN', OMNI_STOPPED);
    this.#http.stop(reason);
    this.#sessions.stop(reason);
    await Promise.all([...this.#connections].map((connection) => connection.close(reason)));
  }
}
