import { GatewayError, type CancelTimer } from '@omni/ports';
import type { LinkContext } from './open-link.ts';
import type { OnSubscribed } from './resource-watch.ts';
import { RestartLadder } from './restart-ladder.ts';

export interface LastingSubscriptionOptions {
  readonly context: LinkContext;
  /** Subscribes on the link that the client has at the time. @param onLost - Called when that link is gone. */
  readonly subscribe: (done: OnSubscribed, onLost: () => void) => void;
  /** Told of the first attempt alone. */
  readonly done: OnSubscribed;
  readonly onOver: (subscription: LastingSubscription) => void;
}

/** Failures that time does not mend: the server refuses, or the client is gone. */
const FOR_GOOD: ReadonlySet<string> = new Set(['OMNI_PARAMS_INVALID', 'OMNI_CANCELLED', 'OMNI_UPSTREAM_DISABLED']);

/** A client's subscription to a resource, which outlives the instance that it was made on: it is made again on the next one. */
export class LastingSubscription {
  readonly #options: LastingSubscriptionOptions;
  readonly #ladder: RestartLadder;
  #release: (() => void) | undefined;
  #cancelRetry: CancelTimer | undefined;
  #madeAtMs: number | undefined;
  #isOver = false;

  constructor(options: LastingSubscriptionOptions) {
    this.#options = options;
    this.#ladder = new RestartLadder(options.context.random);
  }

  begin(): void {
    this.#options.subscribe(
      (result) => this.#onSubscribed(result),
      () => this.#onLost(),
    );
  }

  /** Nobody wants it any more. */
  readonly end = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelRetry?.();
    this.#release?.();
    this.#options.onOver(this);
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
    this.#cancelRetry = this.#options.context.clock.after(this.#ladder.nextDelayMs(livedMs), () => this.begin());
  }
}
