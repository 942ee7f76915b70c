import type { RpcMessage } from '@omni/jsonrpc';
import type { Era, GatewayError, HeaderList, Payload, Principal } from '@omni/ports';

/**
 * Sends the answer to a request that an upstream made: `answer` is the client's response message. Before it there may come notifications:
 * the client's progress with the serverRequest, under the upstream's own token.
 */
export type AnswerServerRequest = (answer: RpcMessage | GatewayError) => void;

/** What a legacy session, or a user of the modern era, offers to the connections that are its own. */
export interface ClientBinding {
  /** Unique per session; free of secrets (not the session id that the client shows). */
  readonly key: string;
  /** Negotiated protocol version. */
  readonly version: string;
  /** The client's `capabilities` and `clientInfo` as JSON. */
  readonly capabilities: string;
  readonly clientInfo: string;
  /** A notification of an upstream that belongs to no running call. */
  onNotification(upstream: string, message: RpcMessage): void;
  /** A request of an upstream that belongs to no running call. `signal`: the upstream does not want the answer any more. */
  onServerRequest(upstream: string, message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void;
  /** The level of its last `logging/setLevel`; `undefined` when it has set none. */
  logLevel(): string | undefined;
  /** Told what the client declares to its servers outside of requests: `notifications/roots/list_changed`. */
  addClientNotificationListener(listener: (notification: RpcMessage) => void): void;
  /** Called once when the session ends: its connections close. */
  onEnd(listener: () => void): void;
}

/** Who asks, and what the client can do. */
export interface ClientContext {
  readonly principal: Principal;
  readonly era: Era;
  /** Name of the one server of this endpoint (`/mcp/{server}`); `undefined` on the endpoint of all. */
  readonly endpoint: string | undefined;
  /** The legacy session; `undefined` for modern requests, which stand alone. */
  readonly session: ClientBinding | undefined;
  /** Client capabilities and info as JSON, from the request or from the session; `{}` when there are none. */
  readonly capabilities: string;
  readonly clientInfo: string;
}

/** One request on its way through the gateway. */
export interface GatewayRequest {
  readonly message: RpcMessage;
  readonly client: ClientContext;
  /** `Mcp-Param-*` headers as received; `undefined` for clients that have no headers or need to send none (other transports, legacy era). */
  readonly paramHeaders: HeaderList | undefined;
  /** What some server may be told of the client's headers, see {@link forwardableHeaders}; absent where there are none. */
  readonly forwardable?: HeaderList | undefined;
}

/** The one answer to a request. */
export type Answer =
  /** A whole JSON-RPC response in the client's terms. `status` is the HTTP status if headers are not sent yet. */
  | { readonly kind: 'message'; readonly payload: Payload; readonly status: number }
  | { readonly kind: 'error'; readonly error: GatewayError };

/** How an answer begins that is passed on while it comes. */
export interface ResponseHead {
  readonly status: number;
  /** Bytes of the whole; `undefined` when its sender does not say. */
  readonly length: number | undefined;
  /** Whether it is an error of JSON-RPC. */
  readonly isError: boolean;
  /** Whether its sender keeps the bytes. If not, each chunk belongs to its taker, and is empty once it has been sent. */
  readonly isKept: boolean;
}

/**
 * Takes an answer chunk by chunk: the bytes of one JSON-RPC response under the client's id. What comes in place of the end, a
 * failure, must not look like one.
 */
export interface ChunkSink {
  onResponseHead(head: ResponseHead): void;
  /** @returns `false` when the client reads slowly, see {@link ReplySink.onDrain}. The chunk is taken either way. */
  onChunk(bytes: Uint8Array): boolean;
  onResponseEnd(): void;
}

/** A notification on its way to a client. */
export type RpcNotification = Pick<RpcMessage, 'method' | 'text' | 'params'>;

/** Where a request's notifications and its answer go. Order of calls is order on the wire. */
export interface ReplySink {
  /**
   * A notification of this request, in the client's terms.
   *
   * @returns `false` when the client reads slowly: hold back until the listener given to {@link onDrain} is called.
   */
  notification(notification: RpcNotification): boolean;
  onDrain(listener: () => void): void;
  /** A request of the upstream to the client, during this request (legacy era). `signal`: the answer is not wanted any more. */
  serverRequest(upstream: string, message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void;
  /** Exactly once; what comes later is dropped. An error may also end an answer that has begun to go to {@link chunks}. */
  answer(answer: Answer): void;
  /** Where an answer can go in place of {@link answer} while it comes; absent where it is wanted whole. */
  readonly chunks?: ChunkSink | undefined;
}

/** A request under way. */
export interface RunningCall {
  /** The client does not want the answer any more; nothing more is sent to the sink. `reason` is told to the upstream. */
  cancel(reason?: string): void;
}
