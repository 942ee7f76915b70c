import { type CancelTimer, type Clock, GatewayError } from '@omni/ports';
import type { RequestHeaders } from './http-headers.ts';
import { httpPost } from './http-post.ts';
import type { InstanceHttp } from '../cookies/instance-http.ts';

export interface OwnPostsOptions {
  readonly http: InstanceHttp;
  readonly url: string;
  readonly upstream: string;
  readonly clock: Clock;
  /** A reply was dropped: the upstream asks faster than it takes the answers. */
  readonly onDropped: () => void;
  /** The upstream does not take what it has to be told: the connection is of no use. */
  readonly onOverflow: (error: GatewayError) => void;
}

/** Connections that an upstream can make Omni hold, beside those of calls. */
const MAX_UNDER_WAY = 16;
/** Replies may have half of them, so that a flood of questions holds up nothing else. */
const MAX_REPLIES_UNDER_WAY = 8;
const MAX_REPLIES_WAITING = 64;
const MAX_MESSAGES_WAITING = 4_096;
/** What waits or is under way, in characters; one message alone may be longer. */
const MAX_REPLIES_LENGTH = 1024 * 1024;
const MAX_MESSAGES_LENGTH = 16 * 1024 * 1024;
/** An upstream that says nothing to a message for so long has taken it, or never will. */
const PATIENCE_MS = 30_000;

interface Waiting {
  readonly text: string;
  readonly headers: RequestHeaders;
}

/**
 * What goes out beside calls to one HTTP upstream: few at a time, in order, the rest waits, and what waits is
 * bounded.
 */
export class OwnPosts {
  readonly #options: OwnPostsOptions;
  readonly #replies: Lane;
  readonly #messages: Lane;
  readonly #underWay = new Set<CancelTimer>();
  #repliesUnderWay = 0;

  constructor(options: OwnPostsOptions) {
    this.#options = options;
    this.#replies = new Lane(MAX_REPLIES_WAITING, MAX_REPLIES_LENGTH);
    this.#messages = new Lane(MAX_MESSAGES_WAITING, MAX_MESSAGES_LENGTH);
  }

  /** Sends a pong or a refusal. Of an upstream that asks without end some questions stay unanswered. */
  reply(text: string, headers: RequestHeaders): void {
    // guard: posts/replies
    if (!this.#replies.add({ text, headers })) return this.#options.onDropped();
    this.#next();
  }

  /** Sends what the upstream has to know: an answer of a client, a cancellation. */
  tell(text: string, headers: RequestHeaders): void {
    if (this.#messages.add({ text, headers })) return this.#next();
    // guard: posts/messages
    this.#options.onOverflow(
      new GatewayError(
        'OMNI_OVERLOADED',
        `"${this.#options.upstream}" does not take what it is sent: too many messages wait for it`,
      ),
    );
  }

  /** Forgets what waits: the session that it belongs to is gone. What is under way ends by itself. */
  clear(): void {
    this.#replies.clear();
    this.#messages.clear();
  }

  #next(): void {
    while (/* guard: posts/under-way */ this.#underWay.size < MAX_UNDER_WAY) {
      const message = this.#messages.take();
      if (message !== undefined) {
        this.#send(message, this.#messages);
        continue;
      }
      if (/* guard: posts/replies-under-way */ this.#repliesUnderWay >= MAX_REPLIES_UNDER_WAY) return;
      const reply = this.#replies.take();
      if (reply === undefined) return;
      this.#repliesUnderWay++;
      this.#send(reply, this.#replies);
    }
  }

  #send({ text, headers }: Waiting, lane: Lane): void {
    const { http, url, clock } = this.#options;
    const cancelTimer = clock.after(PATIENCE_MS, () => {
      call.abort();
      onOver();
    });
    const onOver = (): void => {
      cancelTimer();
      if (!this.#underWay.delete(cancelTimer)) return;
      lane.over(text);
      if (lane === this.#replies) this.#repliesUnderWay--;
      this.#next();
    };
    this.#underWay.add(cancelTimer);
    // guard: posts/open-answer
    const call = httpPost(http, url, headers, text, { onOver });
  }
}

/** Messages of one kind, in order. */
class Lane {
  readonly #maxWaiting: number;
  readonly #maxLength: number;
  #waiting: Waiting[] = [];
  #length = 0;

  constructor(maxWaiting: number, maxLength: number) {
    this.#maxWaiting = maxWaiting;
    this.#maxLength = maxLength;
  }

  add(message: Waiting): boolean {
    const length = this.#length + message.text.length;
    if (this.#waiting.length >= this.#maxWaiting || (this.#length > 0 && length > this.#maxLength))
      return false;
    this.#length = length;
    this.#waiting.push(message);
    return true;
  }

  take(): Waiting | undefined {
    return this.#waiting.shift();
  }

  /** A message that was taken is sent. */
  over(text: string): void {
    this.#length -= text.length;
  }

  clear(): void {
    for (const { text } of this.#waiting) this.over(text);
    this.#waiting = [];
  }
}
