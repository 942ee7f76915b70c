import type { RpcMessage } from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type ClientBinding,
  LATEST_LEGACY_VERSION,
  type Leftover,
  MODERN_VERSION,
} from '@omni/model';
import { type Era, GatewayError, LiveList, type Principal } from '@omni/ports';
import { safeExcerpt } from '../connection/safe-excerpt.ts';

export interface SharedClientBindingOptions {
  readonly key: string;
  readonly principal: Principal;
  readonly era: Era;
  /** Of the clients, as JSON. */
  readonly capabilities: string;
}

/**
 * Owner of an instance that the equal clients of one principal share: modern ones, which have no sessions, or
 * sessions.
 */
export class SharedClientBinding implements ClientBinding {
  readonly principal: Principal;
  readonly key: string;
  readonly version: string;
  readonly capabilities: string;
  /** Several clients may share the instance: Omni presents itself. */
  readonly clientInfo = '{}';
  readonly isShared = true;
  /** Set by whom it belongs to. */
  leftover: Leftover | undefined;
  readonly #onEnd = new LiveList<() => void>();

  constructor({ key, principal, era, capabilities }: SharedClientBindingOptions) {
    this.key = key;
    this.principal = principal;
    this.version = era === 'modern' ? MODERN_VERSION : LATEST_LEGACY_VERSION;
    this.capabilities = capabilities;
  }

  /** Which of the clients it is for cannot be told. */
  onNotification(): void {}

  onServerRequest(upstream: string, message: RpcMessage, answer: AnswerServerRequest): void {
    const what = `"${upstream}" asked for ${safeExcerpt(message.method, [])}`;
    answer(
      new GatewayError(
        'OMNI_QUESTION_UNADDRESSED',
        `${what} while no call or more than one was running, so it is not known whom to ask`,
      ),
    );
  }

  logLevel(): undefined {}

  /** Its clients declare nothing outside of requests. */
  addClientNotificationListener(): () => void {
    return () => {};
  }

  onEnd(listener: () => void): () => void {
    const place = this.#onEnd.add(listener);
    return () => this.#onEnd.remove(place);
  }

  /** Closes its instance. */
  end(): void {
    for (const listener of this.#onEnd.items()) listener();
  }
}
