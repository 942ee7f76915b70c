import { GatewayError, type Clock } from '@omni/ports';
import {
  callParams,
  capabilitiesAcrossEras,
  ownCall,
  parseMessage,
  resultText,
  type AnswerServerRequest,
  type CallListener,
  type ClientContext,
  type RpcMessage,
  type RunningCall,
  type SessionOwner,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamLink,
} from '@omni/wire';
import { ClientOwner } from './client-owner.ts';
import { IGNORED } from './ignored-call.ts';
import type { OnLink } from './lazy-link.ts';
import type { OpenLink } from './open-link.ts';
import { RequestOwner } from './request-owner.ts';
import { UPSTREAM_JSON_LIMITS } from './upstream-limits.ts';

export interface RequestLinkOptions {
  readonly client: ClientContext;
  /** Unique per link. */
  readonly key: string;
  /** An open legacy link to the same upstream: what it said of itself holds for every instance. */
  readonly model: OpenLink;
  readonly clock: Clock;
  /** Opens an instance, which closes when its owner ends. */
  readonly open: (owner: SessionOwner, done: OnLink) => void;
}

const SET_LEVEL = 'logging/setLevel';
/** A server that does not acknowledge its level holds the call up no longer than this. */
const ACKNOWLEDGE_MS = 1_000;

/**
 * A link whose every call runs on an instance of its own, from when it is sent until its end. A call that waits for its client keeps
 * its instance; a link on which nothing is sent opens none.
 */
export class RequestLink implements UpstreamLink {
  readonly upstream: string;
  readonly era = 'legacy';
  readonly keepsClientId = false;
  readonly hello: RpcMessage;
  readonly owner: SessionOwner;
  readonly #options: RequestLinkOptions;
  /** Parameters of the last `logging/setLevel`. */
  #level: string | undefined;
  #sent = 0;

  constructor(options: RequestLinkOptions) {
    const { client, key, model } = options;
    this.#options = options;
    this.upstream = model.upstream;
    this.hello = model.hello;
    this.owner = client.session ?? new ClientOwner(key, client.era, capabilitiesAcrossEras(client.capabilities));
  }

  send(call: UpstreamCall, listener: CallListener): RunningCall {
    if (call.method === SET_LEVEL) return this.#keepLevel(call, listener);
    const { key, open, clock } = this.#options;
    const running = new RequestCall({ key: `${key} ${++this.#sent}`, told: this.owner, call, listener, level: this.#level, clock });
    // Who sends takes its hold of the call before it can fail.
    queueMicrotask(() => running.begin(open));
    return running;
  }

  /** Between calls nobody is there. */
  notify(): void {}

  /** There is no instance yet that could be told. */
  #keepLevel(call: UpstreamCall, listener: CallListener): RunningCall {
    this.#level = callParams(call);
    const message = parseMessage(resultText(call.clientId, '{}'), UPSTREAM_JSON_LIMITS);
    if (message.kind === 'response') listener.onAnswer({ kind: 'message', message, status: 200 });
    return { cancel() {} };
  }
}

interface RequestCallOptions {
  readonly key: string;
  readonly told: SessionOwner;
  readonly call: UpstreamCall;
  readonly listener: CallListener;
  readonly level: string | undefined;
  readonly clock: Clock;
}

/** One call with the instance that it runs on. */
class RequestCall implements CallListener, RunningCall {
  readonly #options: RequestCallOptions;
  readonly #owner: RequestOwner;
  #running: RunningCall | undefined;

  constructor(options: RequestCallOptions) {
    const { key, told, listener } = options;
    this.#options = options;
    this.#owner = new RequestOwner({ key, told, listener });
  }

  begin(open: RequestLinkOptions['open']): void {
    if (this.#owner.isEnded) return;
    open(this.#owner, (link) => {
      if (link instanceof GatewayError) this.onFailure(link);
      else if (!this.#owner.isEnded) this.#tellLevel(link);
    });
  }

  cancel(reason?: string): void {
    if (this.#owner.isEnded) return;
    this.#running?.cancel(reason);
    this.#owner.end();
  }

  onNotification(message: RpcMessage): boolean {
    return this.#options.listener.onNotification(message);
  }

  onDrain(listener: () => void): void {
    this.#options.listener.onDrain(listener);
  }

  onServerRequest(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    this.#options.listener.onServerRequest(message, answer, signal);
  }

  onAnswer(answer: UpstreamAnswer): void {
    if (this.#owner.isEnded) return;
    this.#owner.end();
    this.#options.listener.onAnswer(answer);
  }

  onFailure(error: GatewayError): void {
    if (this.#owner.isEnded) return;
    this.#owner.end();
    this.#options.listener.onFailure(error);
  }

  #tellLevel(link: OpenLink): void {
    const { level, clock } = this.#options;
    if (level === undefined) return this.#send(link);
    let isTold = false;
    const proceed = (): void => {
      if (isTold) return;
      isTold = true;
      cancelTimer();
      this.#send(link);
    };
    const cancelTimer = clock.after(ACKNOWLEDGE_MS, proceed);
    link.send(ownCall(SET_LEVEL, level), { ...IGNORED, onAnswer: proceed, onFailure: proceed });
  }

  #send(link: OpenLink): void {
    if (!this.#owner.isEnded) this.#running = link.send(this.#options.call, this);
  }
}
