import type { RpcMessage } from '@omni/jsonrpc';
import type {
  CallContext,
  ClientContext,
  Endpoint,
  HeaderLookup,
  Outcome,
  ReplySink,
  RunningCall,
} from '@omni/model';
import type { ComponentStatus, GatewayError, Millis, Principal, Refusal, RequestFacts } from '@omni/ports';

/** Who answers everything that the front does not answer itself. */
export interface Dispatch {
  dispatch(request: CallContext, reply: ReplySink): RunningCall;
  /** Whether a method outside the protocol's own is carried to the one server of this endpoint. */
  carries(method: string, endpoint: Endpoint): boolean;
  /** Whether calls of tools that an endpoint shows may become tasks, whatever its servers declare. */
  makesTasks(endpoint: Endpoint): boolean;
  /**
   * Puts what a server says or asks outside of any call into the client's terms.
   *
   * @param tell - Called at once or later; not at all for what is not for this client.
   */
  toClient(
    upstream: string,
    message: RpcMessage,
    client: ClientContext,
    tell: (message: RpcMessage) => void,
  ): void;
  /** @returns What ends it. */
  watchTasks(watch: TaskWatching): () => void;
}

/** What a client wants to hear of tasks. */
export interface TaskWatching {
  /** Its `subscriptions/listen`. */
  readonly message: RpcMessage;
  readonly client: ClientContext;
  readonly taskIds: readonly string[];
  /** Called once, with those of the ids that are the client's; nothing is told before. */
  readonly onOpen: (taskIds: readonly string[]) => void;
  /** Called with each `notifications/tasks`, in the client's terms. */
  readonly onTaskNotification: (taskId: string, message: RpcMessage) => void;
}

/** What is told of a request that has ended. */
export interface WatchedRequest {
  readonly message: RpcMessage;
  readonly client: ClientContext;
  /** Monotonic: when it was read. */
  readonly arrivedMs: Millis;
}

/** Whoever follows one request to its end. */
export interface FollowedRequest {
  /** Goes on in place of what the client has sent: the same request with other metadata. */
  readonly message: RpcMessage;
  end(outcome: Outcome): void;
}

/** Watches requests, such as for metrics and traces. */
export interface RequestWatch {
  /** A request was read; `undefined` where nobody follows it. Absent: nobody follows any. */
  begin?(
    message: RpcMessage,
    client: ClientContext,
    header: HeaderLookup | undefined,
  ): FollowedRequest | undefined;
  /** A request has ended. */
  onSettled(request: WatchedRequest, outcome: Outcome): void;
}

/** Changes of single resources. */
export interface ResourceUpdates {
  /**
   * @param onUpdated - Called with each `notifications/resources/updated` of this resource.
   * @param done - Called once, with what ends the subscription or why there is none.
   */
  subscribe(
    client: ClientContext,
    uri: string,
    onUpdated: (message: RpcMessage) => void,
    done: (release: (() => void) | GatewayError) => void,
  ): void;
}

/** Whether there is memory for more. */
export interface MemoryPressure {
  /**
   * Why nothing is taken; `undefined` while there is room. Asked for each request.
   *
   * @param what - `request`: something new is to be begun. `anything`: whatever it is.
   */
  refusal(what: 'request' | 'anything'): GatewayError | undefined;
}

/** Who a request comes from. */
export interface Authentication {
  /**
   * Called once for each request, before anything of its body is read.
   *
   * @returns At once what is known, so that it costs no wait; a promise where somebody has to be asked. Those
   * that wait are bounded in number and time: 1,000, and 250 more for peer addresses with few while others
   * have many, for 10 s. What is thrown, rejected or neither a principal nor a refusal refuses the request
   * with `OMNI_INTERNAL`.
   */
  authenticate(
    request: RequestFacts,
    wait: AuthenticationWait,
  ): Principal | Refusal | Promise<Principal | Refusal>;
  /**
   * Whether it lets everybody in as one principal, who may then read what is for the owner. Default `false`.
   */
  readonly isOpen?: boolean;
  /** How it is: while it is `error`, Omni is not ready. Default: nobody looks at it. */
  getStatus?(): ComponentStatus;
}

/** How long an answer of an {@link Authentication} is waited for. */
export interface AuthenticationWait {
  /** Aborted when nobody waits any more: the client has gone, the time is over, or Omni stops. */
  readonly signal: AbortSignal;
}

/** Whether a request comes to the right host from an allowed site. */
export interface HostCheck {
  check(request: {
    readonly host: string | undefined;
    readonly origin: string | undefined;
    /** Whether it has an `Authorization`. */
    readonly isAuthorized: boolean;
  }): GatewayError | undefined;
  /** Whether pages of an origin may call and read what they are answered. */
  lists(origin: string): boolean;
}

/** Name and version under which Omni presents itself. */
export interface Identity {
  readonly name: string;
  readonly version: string;
}

/** Bounds of the front; all counts are at most, all times in milliseconds. */
export interface FrontLimits {
  readonly maxBodyBytes: number;
  readonly maxDepth: number;
  readonly maxElements: number;
  readonly maxInFlight: number;
  /** Requests that may wait for a place among those. Default: 0: they are refused. */
  readonly maxWaiting?: number;
  /** How long each of them may wait. Default: 10,000. */
  readonly maxWaitMs?: number;
  readonly maxSessions: number;
  readonly maxSessionInFlight: number;
  readonly sessionIdleMs: number;
}

/** What belongs to one legacy session, and ends with it. */
export interface SessionScope {
  /** Never throws. */
  close(): void;
}
