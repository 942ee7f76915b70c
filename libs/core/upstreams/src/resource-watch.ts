import { GatewayError, type CancelTimer } from '@omni/ports';
import {
  memberOf,
  ownCall,
  rawOf,
  stringMember,
  type CallListener,
  type RpcMessage,
  type RunningCall,
  type UpstreamAnswer,
} from '@omni/wire';
import { LISTEN } from './call-timeout.ts';
import { IGNORED } from './ignored-call.ts';
import { modernParams } from './mcp-revision.ts';
import type { LinkContext, OpenLink } from './open-link.ts';
import { RestartLadder } from './restart-ladder.ts';
import { safeExcerpt } from './safe-excerpt.ts';

/** Told that a resource has changed, with the notification of the upstream. */
export type OnResourceUpdated = (message: RpcMessage) => void;

/** Told how to end a subscription, or why there is none. */
export type OnSubscribed = (result: (() => void) | GatewayError) => void;

interface Subscriber {
  readonly onUpdated: OnResourceUpdated;
  readonly done: OnSubscribed;
}

export interface ResourceWatchOptions {
  readonly uri: string;
  readonly link: OpenLink;
  readonly context: LinkContext;
  /** Nobody watches any more, or it could not be watched. */
  readonly onUnused: (watch: ResourceWatch) => void;
}

type Phase = 'opening' | 'open' | 'over';

/** One resource that somebody watches, on one link; opened once however many watch. */
export class ResourceWatch {
  readonly uri: string;
  readonly #options: ResourceWatchOptions;
  readonly #ladder: RestartLadder;
  readonly #subscribers = new Set<Subscriber>();
  readonly #waiting = new Set<Subscriber>();
  #link: OpenLink;
  #phase: Phase = 'opening';
  #call: RunningCall | undefined;
  #cancelRetry: CancelTimer | undefined;
  #openedAtMs: number | undefined;
  /** Counts openings, so that what an earlier one still says is not taken for the present one. */
  #round = 0;

  constructor(options: ResourceWatchOptions) {
    this.#options = options;
    this.uri = options.uri;
    this.#link = options.link;
    this.#ladder = new RestartLadder(options.context.random);
  }

  add(onUpdated: OnResourceUpdated, done: OnSubscribed): void {
    const subscriber: Subscriber = { onUpdated, done };
    if (this.#phase === 'open') return this.#admit(subscriber);
    this.#waiting.add(subscriber);
  }

  /** Opens it, on another link if one is given. */
  open(link: OpenLink = this.#link): void {
    if (this.#phase === 'over') return;
    this.#link = link;
    this.#round++;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#openedAtMs = undefined;
    const { identity } = this.#options.context;
    const uri = JSON.stringify(this.uri);
    this.#call =
      link.era === 'legacy'
        ? link.send(ownCall('resources/subscribe', `{"uri":${uri}}`), new Round(this, this.#round))
        : link.send(
            ownCall(LISTEN, modernParams(identity, `"notifications":{"resourceSubscriptions":[${uri}]}`)),
            new Round(this, this.#round),
          );
  }

  /** The link is gone for good. */
  drop(error: GatewayError): void {
    this.#end();
    for (const subscriber of this.#waiting) subscriber.done(error);
    this.#waiting.clear();
    this.#subscribers.clear();
  }

  /** The resource has changed. */
  tell(message: RpcMessage): void {
    for (const subscriber of [...this.#subscribers]) subscriber.onUpdated(message);
  }

  isRound(round: number): boolean {
    return round === this.#round && this.#phase !== 'over';
  }

  onNotification(message: RpcMessage): boolean {
    if (message.method === 'notifications/subscriptions/acknowledged') this.#onAcknowledged(message);
    else if (message.method === 'notifications/resources/updated') this.tell(message);
    return true;
  }

  onAnswer(answer: UpstreamAnswer): void {
    const error = answer.kind === 'message' ? answer.message.error : undefined;
    if (error === undefined && this.#link.era === 'legacy') return this.#onOpen();
    const words = answer.kind === 'message' ? (stringMember(answer.message.text, error?.object, 'message') ?? '') : '';
    this.#onEnded(
      new GatewayError(
        'OMNI_PARAMS_INVALID',
        `"${this.#link.upstream}" does not let this resource be watched${words === '' ? '' : `: ${safeExcerpt(words, [])}`}`,
      ),
    );
  }

  onFailure(error: GatewayError): void {
    this.#onEnded(error);
  }

  #admit(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    subscriber.done(() => {
      if (!this.#subscribers.delete(subscriber) || this.#subscribers.size + this.#waiting.size > 0) return;
      this.#release();
    });
  }

  /** The acknowledgement names what is honoured. */
  #onAcknowledged(message: RpcMessage): void {
    const honoured = rawOf(message, memberOf(message.params, 'notifications'));
    const filter: unknown = honoured === undefined ? undefined : JSON.parse(honoured);
    const uris =
      typeof filter === 'object' && filter !== null && 'resourceSubscriptions' in filter ? filter.resourceSubscriptions : undefined;
    if (Array.isArray(uris) && uris.includes(this.uri)) return this.#onOpen();
    this.#call?.cancel();
    this.#onEnded(new GatewayError('OMNI_PARAMS_INVALID', `"${this.#link.upstream}" does not let this resource be watched`));
  }

  #onOpen(): void {
    this.#phase = 'open';
    this.#openedAtMs = this.#options.context.clock.monotonicMs();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const subscriber of waiting) this.#admit(subscriber);
  }

  #onEnded(error: GatewayError): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    // Those who are told may subscribe again at once: then it has to be over.
    if (this.#subscribers.size === 0) this.#end();
    for (const subscriber of waiting) subscriber.done(error);
    if (this.#phase === 'over' || this.#cancelRetry !== undefined) return;
    // Somebody still watches: try again, unless another link comes first.
    const { clock } = this.#options.context;
    const livedMs = this.#openedAtMs === undefined ? 0 : clock.monotonicMs() - this.#openedAtMs;
    this.#cancelRetry = clock.after(this.#ladder.nextDelayMs(livedMs), () => this.open());
  }

  #release(): void {
    const link = this.#link;
    this.#end();
    if (link.era === 'legacy') link.send(ownCall('resources/unsubscribe', `{"uri":${JSON.stringify(this.uri)}}`), IGNORED);
  }

  #end(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#cancelRetry?.();
    this.#call?.cancel();
    this.#options.onUnused(this);
  }
}

/** One opening of a watch. */
class Round implements CallListener {
  readonly #watch: ResourceWatch;
  readonly #round: number;

  constructor(watch: ResourceWatch, round: number) {
    this.#watch = watch;
    this.#round = round;
  }

  onNotification(message: RpcMessage): boolean {
    return !this.#watch.isRound(this.#round) || this.#watch.onNotification(message);
  }

  onDrain(): void {}

  onServerRequest(_message: RpcMessage, answer: (answer: GatewayError) => void): void {
    answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'Nobody can be asked during a subscription'));
  }

  onAnswer(answer: UpstreamAnswer): void {
    if (this.#watch.isRound(this.#round)) this.#watch.onAnswer(answer);
  }

  onFailure(error: GatewayError): void {
    if (this.#watch.isRound(this.#round)) this.#watch.onFailure(error);
  }
}
