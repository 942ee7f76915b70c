import { type RpcMessage, stringMember } from '@omni/jsonrpc';
import { type CallHandler, IGNORED, internalCall, type RunningCall, type UpstreamAnswer } from '@omni/model';
import { type CancelTimer, GatewayError, type Principal } from '@omni/ports';
import type { ConnectionContext, OpenConnection } from '../connection/open-connection.ts';
import { Backoff } from '../connection/backoff.ts';
import { safeExcerpt } from '../connection/safe-excerpt.ts';
import type { ResourceListener, SharedListen } from './shared-listen.ts';

/**
 * Nobody watches any more: clients that change what they listen to end one subscription before they open the
 * next.
 */
const LINGER_MS = 2_000;
/**
 * How long a modern server may take to acknowledge, since a subscription has no time limit as other calls
 * have.
 */
const ACKNOWLEDGE_MS = 30_000;

/** Told that a resource has changed, with the notification of the upstream. */
export type OnResourceUpdated = (message: RpcMessage) => void;

/** Told how to end a subscription, or why there is none. */
export type OnSubscribed = (result: (() => void) | GatewayError) => void;

/** Somebody who watches a resource on one connection. */
export interface Subscriber {
  readonly principal: Principal;
  readonly onUpdated: OnResourceUpdated;
  readonly done: OnSubscribed;
  /** The connection is gone, and with it a subscription that was made. */
  readonly onLost: () => void;
}

export interface ResourceWatchOptions {
  readonly uri: string;
  readonly connection: OpenConnection;
  readonly context: ConnectionContext;
  /** What all watches on a connection of the modern era listen by. */
  readonly listenOn: (connection: OpenConnection) => SharedListen;
  /** Nobody watches any more, or it could not be watched. */
  readonly onUnused: (watch: ResourceWatch) => void;
}

type Phase = 'opening' | 'open' | 'over';

/** One resource that somebody watches, on one connection; opened once however many watch. */
export class ResourceWatch {
  readonly uri: string;
  readonly #options: ResourceWatchOptions;
  readonly #backoff: Backoff;
  readonly #subscribers = new Set<Subscriber>();
  readonly #waiting = new Set<Subscriber>();
  #connection: OpenConnection;
  #phase: Phase = 'opening';
  #call: RunningCall | undefined;
  #cancelRetry: CancelTimer | undefined;
  #cancelLinger: CancelTimer | undefined;
  #cancelWait: CancelTimer | undefined;
  #openedAtMs: number | undefined;
  /** Counts openings, so that what an earlier one still says is not taken for the present one. */
  #round = 0;

  constructor(options: ResourceWatchOptions) {
    this.#options = options;
    this.uri = options.uri;
    this.#connection = options.connection;
    this.#backoff = new Backoff(options.context.random);
  }

  add(subscriber: Subscriber): void {
    if (this.#phase === 'open') return this.#admit(subscriber);
    this.#waiting.add(subscriber);
  }

  /** Opens it, on another connection if one is given. */
  open(connection: OpenConnection = this.#connection): void {
    if (this.#phase === 'over') return;
    const former = connection === this.#connection ? undefined : this.#call;
    this.#connection = connection;
    this.#round++;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#openedAtMs = undefined;
    const { context, listenOn } = this.#options;
    const round = new Round(this, this.#round);
    this.#cancelWait?.();
    // guard: watch/acknowledged
    if (connection.era === 'modern')
      this.#cancelWait = context.clock.after(ACKNOWLEDGE_MS, () => this.#onSilence());
    this.#call =
      connection.era === 'modern'
        ? listenOn(connection).join(this.uri, round)
        : connection.send(internalCall('resources/subscribe', `{"uri":${JSON.stringify(this.uri)}}`), round);
    // The former connection may still be open for calls that run on it.
    // guard: credentials/listens-end
    former?.cancel();
  }

  /** The connection is gone for good. */
  drop(error: GatewayError): void {
    this.#end();
    for (const subscriber of this.#waiting) subscriber.done(error);
    this.#waiting.clear();
    const lost = [...this.#subscribers];
    this.#subscribers.clear();
    for (const subscriber of lost) subscriber.onLost();
  }

  /** The resource has changed. */
  tell(message: RpcMessage): void {
    for (const subscriber of [...this.#subscribers]) subscriber.onUpdated(message);
  }

  isRound(round: number): boolean {
    return round === this.#round && this.#phase !== 'over';
  }

  onAcknowledged(isHonoured: boolean): void {
    if (isHonoured) return this.#onOpen();
    this.#call?.cancel();
    this.#onEnded(
      new GatewayError(
        'OMNI_PARAMS_INVALID',
        `"${this.#connection.upstream}" does not let this resource be watched`,
      ),
    );
  }

  onAnswer(answer: UpstreamAnswer): void {
    const error = answer.kind === 'message' ? answer.message.error : undefined;
    if (error === undefined && this.#connection.era === 'legacy') return this.#onOpen();
    const words =
      answer.kind === 'message' ? (stringMember(answer.message.text, error?.object, 'message') ?? '') : '';
    this.#onEnded(
      new GatewayError(
        'OMNI_PARAMS_INVALID',
        `"${this.#connection.upstream}" does not let this resource be watched${words === '' ? '' : `: ${safeExcerpt(words, [])}`}`,
      ),
    );
  }

  onFailure(error: GatewayError): void {
    this.#onEnded(error);
  }

  #admit(subscriber: Subscriber): void {
    this.#cancelLinger?.();
    this.#subscribers.add(subscriber);
    subscriber.done(() => {
      if (!this.#subscribers.delete(subscriber) || this.#subscribers.size > 0) return;
      this.#cancelLinger = this.#options.context.clock.after(LINGER_MS, () => this.#release());
    });
  }

  #onSilence(): void {
    this.#call?.cancel();
    const { upstream } = this.#connection;
    this.#onEnded(
      new GatewayError(
        'OMNI_UPSTREAM_TIMEOUT',
        `"${upstream}" did not acknowledge a subscription within ${ACKNOWLEDGE_MS / 1_000} s`,
      ),
    );
  }

  #onOpen(): void {
    this.#cancelWait?.();
    this.#phase = 'open';
    this.#openedAtMs = this.#options.context.clock.monotonicMs();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const subscriber of waiting) this.#admit(subscriber);
  }

  #onEnded(error: GatewayError): void {
    this.#cancelWait?.();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    // Those who are told may subscribe again at once: then it has to be over.
    if (this.#subscribers.size === 0) this.#end();
    for (const subscriber of waiting) subscriber.done(error);
    if (this.#phase === 'over' || this.#cancelRetry !== undefined) return;
    // Somebody still watches: try again, unless another connection comes first.
    const { clock } = this.#options.context;
    const livedMs = this.#openedAtMs === undefined ? 0 : clock.monotonicMs() - this.#openedAtMs;
    this.#cancelRetry = clock.after(this.#backoff.nextDelayMs(livedMs), () => this.open());
  }

  #release(): void {
    const connection = this.#connection;
    this.#end();
    if (connection.era === 'legacy')
      connection.send(internalCall('resources/unsubscribe', `{"uri":${JSON.stringify(this.uri)}}`), IGNORED);
  }

  #end(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#cancelRetry?.();
    this.#cancelLinger?.();
    this.#cancelWait?.();
    this.#call?.cancel();
    this.#options.onUnused(this);
  }
}

/** One opening of a watch. */
class Round implements CallHandler, ResourceListener {
  readonly #watch: ResourceWatch;
  readonly #round: number;

  constructor(watch: ResourceWatch, round: number) {
    this.#watch = watch;
    this.#round = round;
  }

  onAcknowledged(isHonoured: boolean): void {
    if (this.#watch.isRound(this.#round)) this.#watch.onAcknowledged(isHonoured);
  }

  onUpdated(message: RpcMessage): void {
    if (this.#watch.isRound(this.#round)) this.#watch.tell(message);
  }

  onNotification(): boolean {
    return true;
  }

  onDrain(): void {}

  onServerRequest(_message: RpcMessage, answer: (answer: GatewayError) => void): void {
    answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'There is no client to ask during a subscription'));
  }

  onAnswer(answer: UpstreamAnswer): void {
    if (this.#watch.isRound(this.#round)) this.#watch.onAnswer(answer);
  }

  onFailure(error: GatewayError): void {
    if (this.#watch.isRound(this.#round)) this.#watch.onFailure(error);
  }
}
