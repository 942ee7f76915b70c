import type { RpcMessage } from '@omni/jsonrpc';
import type { AnswerServerRequest, CallHandler, ClientBinding } from '@omni/model';
import { GatewayError, LiveList, type Principal } from '@omni/ports';

export interface RequestBindingOptions {
  /** Unique per request. */
  readonly key: string;
  /** Whose capabilities and name the upstream is told. */
  readonly told: Pick<ClientBinding, 'principal' | 'version' | 'capabilities' | 'clientInfo'>;
  /** The one call of the instance. */
  readonly listener: CallHandler;
}

/** Owner of an instance that runs one call: what comes without an address belongs to that call. */
export class RequestBinding implements ClientBinding {
  readonly principal: Principal;
  readonly key: string;
  readonly version: string;
  readonly capabilities: string;
  readonly clientInfo: string;
  readonly isShared = false;
  readonly #listener: CallHandler;
  readonly #onEnd = new LiveList<() => void>();
  #isEnded = false;

  constructor({ key, told, listener }: RequestBindingOptions) {
    this.principal = told.principal;
    this.key = key;
    this.version = told.version;
    this.capabilities = told.capabilities;
    this.clientInfo = told.clientInfo;
    this.#listener = listener;
  }

  /** Whether the call is over. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  onNotification(_upstream: string, message: RpcMessage): void {
    // Nobody has subscribed to anything on this instance.
    if (!this.isEnded && message.method === 'notifications/message') this.#listener.onNotification(message);
  }

  onServerRequest(
    _upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void {
    if (this.isEnded)
      answer(new GatewayError('OMNI_CANCELLED', 'The call that this request belongs to is over'));
    else this.#listener.onServerRequest(message, answer, signal);
  }

  logLevel(): undefined {}

  /** The client declares nothing to an instance that ends with its answer. */
  addClientNotificationListener(): () => void {
    return () => {};
  }

  onEnd(listener: () => void): () => void {
    const place = this.#onEnd.add(listener);
    return () => this.#onEnd.remove(place);
  }

  /** Closes the instance. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const listener of this.#onEnd.items()) listener();
  }
}
