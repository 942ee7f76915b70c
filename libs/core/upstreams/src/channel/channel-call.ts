import type { RpcMessage } from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type CallHandler,
  type CallPhase,
  type RunningCall,
  type UpstreamCall,
  LISTEN,
} from '@omni/model';
import type { GatewayError, Principal, UpstreamSpec } from '@omni/ports';
import { startDeadline, timeoutError } from '../connection/call-timeout.ts';
import type { Deadline, DeadlineListener, Deadlines } from '../connection/deadlines.ts';
import { clientTokenOf } from '../connection/own-token.ts';
import type { AskingCall } from '../connection/server-requests.ts';

/**
 * A channel cannot be paused for one reader, so this is what a slow one gets before its notifications are
 * dropped.
 */
const MAX_UNREAD = 1_000;

/** The connection that a call runs on. */
export interface CallOwner {
  /** Forgets a call that its client or its deadline has ended, and tells the upstream. */
  abandon(call: ChannelCall, reason: string | undefined): void;
}

export interface ChannelCallOptions {
  readonly connection: CallOwner;
  readonly id: number;
  readonly call: UpstreamCall;
  readonly listener: CallHandler;
  readonly spec: UpstreamSpec;
  /** What has become of its request. */
  readonly phase: 'sent' | 'not-sent';
}

/** One call on a channel that it shares with others. */
export class ChannelCall implements RunningCall, AskingCall, DeadlineListener {
  readonly id: number;
  readonly #connection: CallOwner;
  readonly #call: UpstreamCall;
  readonly #listener: CallHandler;
  readonly #spec: UpstreamSpec;
  #deadline: Deadline | undefined;
  #isOver = false;
  #isReaderSlow = false;
  #unread = 0;
  #phase: CallPhase;

  constructor({ connection, id, call, listener, spec, phase }: ChannelCallOptions) {
    this.#connection = connection;
    this.id = id;
    this.#call = call;
    this.#listener = listener;
    this.#spec = spec;
    this.#phase = phase;
  }

  get method(): string {
    return this.#call.method;
  }

  get clientId(): string {
    return this.#call.clientId;
  }

  get callerKey(): string | undefined {
    return this.#call.callerKey;
  }

  get caller(): Principal | undefined {
    return this.#call.caller;
  }

  /** The client's progress token as JSON. */
  get clientToken(): string | undefined {
    return clientTokenOf(this.#call);
  }

  get isListen(): boolean {
    return this.#call.method === LISTEN;
  }

  start(deadlines: Deadlines): void {
    this.#deadline = startDeadline(this.#call.method, this.#spec, deadlines, this);
  }

  /** Its request has gone to the server. */
  sent(): void {
    this.#phase = 'sent';
  }

  cancel(reason?: string): void {
    if (this.#over()) this.#connection.abandon(this, reason);
  }

  onDeadline(kind: 'idle' | 'total'): void {
    if (!this.#over()) return;
    this.#connection.abandon(this, 'timeout');
    this.#listener.onFailure(timeoutError(this.#call.method, this.#spec, kind), this.#phase);
  }

  onServerRequest(): void {
    this.#deadline?.hold();
  }

  onServerRequestAnswered(): void {
    this.#deadline?.release();
  }

  ask(message: RpcMessage, answer: AnswerServerRequest, signal: AbortSignal): void {
    this.#phase = 'head-received';
    this.#listener.onServerRequest(message, answer, signal);
  }

  /** @returns Whether the client was told. */
  notify(message: RpcMessage): boolean {
    this.#phase = 'head-received';
    this.#deadline?.touch();
    // guard: link/notification-flood
    if (this.#isReaderSlow && ++this.#unread > MAX_UNREAD) return false;
    if (!this.#listener.onNotification(message) && !this.#isReaderSlow) {
      this.#isReaderSlow = true;
      this.#listener.onDrain(() => {
        this.#isReaderSlow = false;
        this.#unread = 0;
      });
    }
    return true;
  }

  answer(message: RpcMessage): void {
    if (this.#over()) this.#listener.onAnswer({ kind: 'message', message, status: 200 });
  }

  /** @param phase - Default: by what was heard of it. */
  fail(error: GatewayError, phase = this.#phase): void {
    if (this.#over()) this.#listener.onFailure(error, phase);
  }

  /** @returns `false` when it was over before. */
  #over(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#deadline?.stop();
    return true;
  }
}
