import type { ClientContext } from '@omni/model';
import { GatewayError, type CancelTimer } from '@omni/ports';
import type { ConnectionContext } from '../connection/open-connection.ts';
import type { OnResourceUpdated, OnSubscribed } from './resource-watch.ts';
import { Backoff } from '../connection/backoff.ts';

/** What a client wants to hear of. */
export interface ResourceInterest {
  readonly client: ClientContext;
  readonly uri: string;
  readonly onUpdated: OnResourceUpdated;
}

export interface PersistentSubscriptionOptions extends ResourceInterest {
  readonly context: ConnectionContext;
  /** Told of the first attempt alone. */
  readonly done: OnSubscribed;
}

/** Who keeps a subscription alive: an upstream, until another one takes its place. */
export interface SubscriptionHost {
  /**
   * Subscribes on the connection that the client has at the time.
   *
   * @param onLost - Called when that connection is gone.
   */
  subscribe(interest: ResourceInterest, done: OnSubscribed, onLost: () => void): void;
  onOver(subscription: PersistentSubscription): void;
}

/** Failures that time does not mend: the server refuses, or the client is gone. */
const FOR_GOOD: ReadonlySet<string> = new Set([
  'OMNI_PARAMS_INVALID',
  'OMNI_CANCELLED',
  'OMNI_UPSTREAM_DISABLED',
]);

/**
 * A client's subscription to a resource, which outlives the instance that it was made on: it is made again on
 * the next one.
 */
export class PersistentSubscription {
  readonly #options: PersistentSubscriptionOptions;
  readonly #backoff: Backoff;
  #host: SubscriptionHost;
  #release: (() => void) | undefined;
  #cancelRetry: CancelTimer | undefined;
  #madeAtMs: number | undefined;
  #isOver = false;

  constructor(options: PersistentSubscriptionOptions, host: SubscriptionHost) {
    this.#options = options;
    this.#host = host;
    this.#backoff = new Backoff(options.context.random);
  }

  begin(): void {
    const host = this.#host;
    host.subscribe(
      this.#options,
      (result) => {
        if (this.#host === host) this.#onSubscribed(result);
        else if (!(result instanceof GatewayError)) result();
      },
      () => {
        if (this.#host === host) this.#onLost();
      },
    );
  }

  /** Another one keeps it from now on: it is made again there. */
  moveTo(host: SubscriptionHost): void {
    const release = this.#release;
    this.#host = host;
    this.#release = undefined;
    this.#cancelRetry?.();
    release?.();
    this.begin();
  }

  /** Nobody wants it any more. */
  readonly end = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelRetry?.();
    this.#release?.();
    this.#host.onOver(this);
  };

  #onSubscribed(result: (() => void) | GatewayError): void {
    const isFirst = this.#madeAtMs === undefined;
    if (result instanceof GatewayError) {
      if (this.#isOver) return;
      if (!isFirst && !FOR_GOOD.has(result.code)) return this.#again(0);
      this.end();
      if (isFirst) this.#options.done(result);
      return;
    }
    if (this.#isOver) return result();
    this.#release = result;
    this.#madeAtMs = this.#options.context.clock.monotonicMs();
    if (isFirst) this.#options.done(this.end);
  }

  #onLost(): void {
    this.#release = undefined;
    if (!this.#isOver) this.#again(this.#options.context.clock.monotonicMs() - (this.#madeAtMs ?? 0));
  }

  #again(livedMs: number): void {
    this.#cancelRetry = this.#options.context.clock.after(this.#backoff.nextDelayMs(livedMs), () =>
      this.begin(),
    );
  }
}
