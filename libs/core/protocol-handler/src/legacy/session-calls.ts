import type { RpcMessage } from '@omni/jsonrpc';
import {
  type Answer,
  type AnswerServerRequest,
  type ChunkSink,
  type ResponseHead,
  type RpcNotification,
  type RunningCall,
  NOTHING_RUNS,
} from '@omni/model';
import type { GatewayError } from '@omni/ports';
import type { FrontReply } from '../front-reply.ts';
import { passesLevel } from './log-level.ts';

/** The calls of one session that run, by id, and what they share. Costs next to nothing while there are none. */
export class SessionCalls {
  /** Of the last `logging/setLevel`. */
  minimumLevel: string | undefined;
  // guard: process/cancel
  #byId: Map<string, SessionCall> | undefined;

  get size(): number {
    return this.#byId?.size ?? 0;
  }

  get(id: string): SessionCall | undefined {
    return this.#byId?.get(id);
  }

  all(): readonly SessionCall[] {
    return [...(this.#byId?.values() ?? [])];
  }

  enter(id: string, call: SessionCall): void {
    this.#byId ??= new Map();
    this.#byId.set(id, call);
  }

  leave(id: string, call: SessionCall): void {
    // A later request may have taken the id.
    if (this.#byId?.get(id) !== call) return;
    this.#byId.delete(id);
    if (this.#byId.size === 0) this.#byId = undefined;
  }
}

/** A request of the session while it runs: keeps its place in the session's books and filters its log messages. */
export class SessionCall implements FrontReply, ChunkSink, RunningCall {
  readonly #id: string;
  readonly #reply: FrontReply;
  readonly #calls: SessionCalls;
  running: RunningCall = NOTHING_RUNS;

  constructor(id: string, reply: FrontReply, calls: SessionCalls) {
    this.#id = id;
    this.#reply = reply;
    this.#calls = calls;
    calls.enter(id, this);
  }

  notification(notification: RpcNotification): boolean {
    // guard: session/level-in-call
    if (
      notification.method === 'notifications/message' &&
      !passesLevel(notification, this.#calls.minimumLevel)
    )
      return true;
    return this.#reply.notification(notification);
  }

  onDrain(listener: () => void): void {
    this.#reply.onDrain(listener);
  }

  serverRequest(
    upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void {
    this.#reply.serverRequest(upstream, message, answer, signal);
  }

  settle(answer: Answer): void {
    this.#leave();
    this.#reply.settle(answer);
  }

  get chunks(): ChunkSink | undefined {
    return this.#reply.chunks === undefined ? undefined : this;
  }

  onResponseHead(head: ResponseHead): void {
    this.#reply.chunks?.onResponseHead(head);
  }

  onChunk(bytes: Uint8Array): boolean {
    return this.#reply.chunks?.onChunk(bytes) ?? true;
  }

  onResponseEnd(): void {
    this.#leave();
    this.#reply.chunks?.onResponseEnd();
  }

  abandon(): void {
    this.#leave();
    this.#reply.abandon();
  }

  /** The client does not want the answer: it gets none (MCP 2025-11-25, basic/utilities/cancellation). */
  cancel(reason?: string): void {
    this.end(reason, undefined);
  }

  /** @param error - The answer, when there is to be one. */
  end(reason: string | undefined, error: GatewayError | undefined): void {
    this.running.cancel(reason);
    if (error === undefined) this.abandon();
    else this.settle({ kind: 'error', error });
  }

  #leave(): void {
    this.#calls.leave(this.#id, this);
  }
}
