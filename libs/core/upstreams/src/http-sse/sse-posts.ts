import type {
  CancelTimer,
  Clock,
  GatewayError,
  HeaderList,
  HttpCall,
  HttpResponseListener,
} from '@omni/ports';
import { sendAuthorized } from '../http/authorized-exchange.ts';
import { bodyKind, withForwarded, type RequestHeaders } from '../http/http-headers.ts';
import type { InstanceHttp } from '../cookies/instance-http.ts';

export interface SsePostsOptions {
  readonly http: InstanceHttp;
  readonly headers: RequestHeaders;
  readonly clock: Clock;
  /** Told a status that is no success, or why the message did not arrive. */
  readonly onRefused: (text: string, outcome: number | GatewayError) => void;
}

/** How much may wait or be under way, in characters. */
const MAX_BACKLOG_LENGTH = 16 * 1024 * 1024;
const MAX_BACKLOG_MESSAGES = 4_096;
/** Some servers answer a POST only when the call in it is over. */
const MAX_UNDER_WAY = 128;
/**
 * A server that takes longer to accept a message gets the next one meanwhile: it may need that one to go on.
 */
const PATIENCE_MS = 1_000;

interface Waiting {
  readonly text: string;
  /** Of this message alone. */
  readonly headers: HeaderList;
}

/** Posts messages in order: each waits until the one before was accepted, within reason. */
export class SsePosts {
  readonly #options: SsePostsOptions;
  readonly #waiting: Waiting[] = [];
  readonly #underWay = new Set<Post>();
  #endpoint: string | undefined;
  #backlogLength = 0;
  #cancelPatience: CancelTimer | undefined;

  constructor(options: SsePostsOptions) {
    this.#options = options;
  }

  /**
   * @param headers - Go along with this message beside those of all.
   *
   * @returns `false` when too much waits already.
   */
  add(text: string, headers: HeaderList = []): boolean {
    // One message may be larger than all that may wait.
    // guard: sse/posts-backlog
    if (
      this.#waiting.length >= MAX_BACKLOG_MESSAGES ||
      (this.#backlogLength > 0 && this.#backlogLength + text.length > MAX_BACKLOG_LENGTH)
    )
      return false;
    this.#backlogLength += text.length;
    this.#waiting.push({ text, headers });
    this.#next();
    return true;
  }

  /** The address is known. */
  begin(endpoint: string): void {
    this.#endpoint = endpoint;
    this.#next();
  }

  close(): void {
    this.#endpoint = undefined;
    this.#waiting.length = 0;
    this.#cancelPatience?.();
    for (const post of this.#underWay) post.abort();
    this.#underWay.clear();
  }

  #next(): void {
    if (this.#endpoint === undefined || this.#cancelPatience !== undefined) return;
    // guard: sse/posts-under-way
    if (this.#underWay.size >= MAX_UNDER_WAY) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    const { text } = next;
    const { http, clock, onRefused } = this.#options;
    let isHeld = true;
    const goOn = (): void => {
      if (!isHeld) return;
      isHeld = false;
      this.#cancelPatience?.();
      this.#cancelPatience = undefined;
      this.#next();
    };
    this.#cancelPatience = clock.after(PATIENCE_MS, goOn);
    const post = new Post({
      onAccepted: goOn,
      onRefused: (outcome) => {
        onRefused(text, outcome);
        goOn();
      },
      onOver: () => {
        if (!this.#underWay.delete(post)) return;
        this.#backlogLength -= text.length;
        this.#next();
      },
    });
    this.#underWay.add(post);
    post.send(http, this.#endpoint, this.#options.headers, next);
  }
}

interface PostEvents {
  readonly onAccepted: () => void;
  readonly onRefused: (outcome: number | GatewayError) => void;
  /** Called once, last. */
  readonly onOver: () => void;
}

/** One message on its way; what the server says beside the status is not read. */
class Post implements HttpResponseListener {
  readonly #events: PostEvents;
  #call: HttpCall | undefined;
  #isAccepted = false;

  constructor(events: PostEvents) {
    this.#events = events;
  }

  send(http: InstanceHttp, url: string, own: RequestHeaders, message: Waiting): void {
    const headers = withForwarded(own.list, message.headers);
    this.#call = sendAuthorized(
      http,
      own,
      { method: 'POST', url, headers, body: message.text },
      this,
      message.headers.length === 0 ? undefined : message.headers,
    );
  }

  abort(): void {
    this.#call?.abort();
  }

  onHead(status: number, headers: HeaderList): void {
    if (status >= 200 && status < 300) {
      this.#isAccepted = true;
      this.#events.onAccepted();
      // Answers come on the stream that there is; another one may be left open for ever.
      if (bodyKind(headers) !== 'events') return;
      this.abort();
      return this.#events.onOver();
    }
    this.abort();
    this.#events.onRefused(status);
    this.#events.onOver();
  }

  onData(): void {}

  onEnd(): void {
    this.#events.onOver();
  }

  onError(error: GatewayError): void {
    if (!this.#isAccepted) this.#events.onRefused(error);
    this.#events.onOver();
  }
}
