import { parseMessage, resultText, type RpcMessage } from '@omni/jsonrpc';
import {
  type CallHandler,
  callParams,
  type ClientBinding,
  type ClientContext,
  DeferredEnd,
  FollowedCall,
  IGNORED,
  internalCall,
  type RunningCall,
  type UpstreamCall,
  type UpstreamConnection,
} from '@omni/model';
import { type Clock, GatewayError } from '@omni/ports';
import { SharedClientBinding } from './shared-client-binding.ts';
import type { OnConnection } from './lazy-connection.ts';
import type { OpenConnection } from '../connection/open-connection.ts';
import { RequestBinding } from './request-binding.ts';
import { UPSTREAM_JSON_LIMITS } from '../connection/upstream-limits.ts';

export interface RequestConnectionOptions {
  readonly client: ClientContext;
  /** What of the client's capabilities a server may hear of, as JSON. */
  readonly declared: string;
  /** Unique per connection. */
  readonly key: string;
  /** An open legacy connection to the same upstream: what it said of itself holds for every instance. */
  readonly model: OpenConnection;
  readonly clock: Clock;
  /** Opens an instance, which closes when its binding ends. */
  readonly open: (binding: ClientBinding, done: OnConnection) => void;
}

const SET_LEVEL = 'logging/setLevel';
/** A server that does not acknowledge its level holds the call up no longer than this. */
const ACKNOWLEDGE_MS = 1_000;

/**
 * A connection whose every call runs on an instance of its own, from when it is sent until its end. A call
 * that waits for its client keeps its instance; a connection on which nothing is sent opens none.
 */
export class RequestConnection implements UpstreamConnection {
  readonly upstream: string;
  readonly era = 'legacy';
  readonly keepsClientId = false;
  readonly handshake: RpcMessage;
  readonly binding: ClientBinding;
  readonly #options: RequestConnectionOptions;
  /** Parameters of the last `logging/setLevel`. */
  #level: string | undefined;
  #sent = 0;

  constructor(options: RequestConnectionOptions) {
    const { client, declared, key, model } = options;
    this.#options = options;
    this.upstream = model.upstream;
    this.handshake = model.handshake;
    const { principal, era } = client;
    this.binding = client.session ?? new SharedClientBinding({ key, principal, era, capabilities: declared });
  }

  send(call: UpstreamCall, listener: CallHandler): RunningCall {
    if (call.method === SET_LEVEL) return this.#keepLevel(call, listener);
    const { key, open, clock } = this.#options;
    const running = new RequestCall({
      key: `${key} ${++this.#sent}`,
      told: this.binding,
      call,
      listener,
      level: this.#level,
      clock,
    });
    // Who sends takes its hold of the call before it can fail.
    queueMicrotask(() => running.start(open));
    return running;
  }

  /** Between calls nobody is there. */
  notify(): void {}

  /** There is no instance yet that could be told. */
  #keepLevel(call: UpstreamCall, listener: CallHandler): RunningCall {
    this.#level = callParams(call);
    const message = parseMessage(resultText(call.clientId, '{}'), UPSTREAM_JSON_LIMITS);
    return new DeferredEnd(() => {
      if (message.kind === 'response') listener.onAnswer({ kind: 'message', message, status: 200 });
    });
  }
}

interface RequestCallOptions {
  readonly key: string;
  readonly told: ClientBinding;
  readonly call: UpstreamCall;
  readonly listener: CallHandler;
  readonly level: string | undefined;
  readonly clock: Clock;
}

/** One call with the instance that it runs on. */
class RequestCall extends FollowedCall {
  readonly #options: RequestCallOptions;
  readonly #binding: RequestBinding;

  constructor(options: RequestCallOptions) {
    const { key, told, listener } = options;
    super(listener);
    this.#options = options;
    this.#binding = new RequestBinding({ key, told, listener });
  }

  start(open: RequestConnectionOptions['open']): void {
    if (this.#binding.isEnded) return;
    open(this.#binding, (connection) => {
      if (this.#binding.isEnded) return;
      if (connection instanceof GatewayError) this.onFailure(connection, 'not-sent');
      else this.#tellLevel(connection);
    });
  }

  protected override onOver(): void {
    this.#binding.end();
  }

  #tellLevel(connection: OpenConnection): void {
    const { level, clock } = this.#options;
    if (level === undefined) return this.#send(connection);
    let isTold = false;
    const proceed = (): void => {
      if (isTold) return;
      isTold = true;
      cancelTimer();
      this.#send(connection);
    };
    const cancelTimer = clock.after(ACKNOWLEDGE_MS, proceed);
    connection.send(internalCall(SET_LEVEL, level), { ...IGNORED, onAnswer: proceed, onFailure: proceed });
  }

  #send(connection: OpenConnection): void {
    if (!this.#binding.isEnded)
      this.begin((call, handler) => connection.send(call, handler), this.#options.call);
  }
}
