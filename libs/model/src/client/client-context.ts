import type { RpcMessage } from '@omni/jsonrpc';
import type { Era, Principal } from '@omni/ports';
import type { Endpoint } from './endpoint.ts';
import type { AnswerServerRequest } from '../call/reply-sink.ts';

/** What may become of something whose client does not say when it goes. */
export interface Leftover {
  /** Whether it has neither a stream nor a call. */
  isIdle(): boolean;
  /** Ends it at once, since others need what it holds; its client has to begin again. */
  giveWay(): void;
}

/** What a legacy session, or a user of the modern era, offers to the connections that are its own. */
export interface ClientBinding {
  readonly principal: Principal;
  /** Unique per session; free of secrets (not the session id that the client shows). */
  readonly key: string;
  /** Negotiated protocol version. */
  readonly version: string;
  /** The client's `capabilities` and `clientInfo` as JSON. */
  readonly capabilities: string;
  readonly clientInfo: string;
  /**
   * Whether several clients, or sessions, use its connections: what comes without an address may be for any
   * of them.
   */
  readonly isShared: boolean;
  /** A notification of an upstream that belongs to no running call. */
  onNotification(upstream: string, message: RpcMessage): void;
  /**
   * A request of an upstream that belongs to no running call. `signal`: the upstream does not want the answer
   * any more.
   */
  onServerRequest(
    upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void;
  /** The level of its last `logging/setLevel`; `undefined` when it has set none. */
  logLevel(): string | undefined;
  /**
   * Told what the client declares to its servers outside of requests: `notifications/roots/list_changed`.
   *
   * @returns What takes the listener away.
   */
  addClientNotificationListener(listener: (notification: RpcMessage) => void): () => void;
  /**
   * Called once when the session ends: its connections close. At once if it has ended.
   *
   * @returns What takes the listener away; whatever ends before the session calls it.
   */
  onEnd(listener: () => void): () => void;
  /** Absent for what ends with its client in any case. */
  readonly leftover?: Leftover | undefined;
}

/** Who the client is, where it is connected, and what it can do. */
export interface ClientContext {
  readonly principal: Principal;
  readonly era: Era;
  readonly endpoint: Endpoint;
  /** The legacy session; `undefined` for modern requests, which stand alone. */
  readonly session: ClientBinding | undefined;
  /** Client capabilities and info as JSON, from the request or from the session; `{}` when there are none. */
  readonly capabilities: string;
  readonly clientInfo: string;
}
