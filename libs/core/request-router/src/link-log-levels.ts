import type { Clock } from '@omni/ports';
import type { RpcMessage, SessionOwner, UpstreamLink } from '@omni/wire';
import { mostVerbose } from './log-levels.ts';
import { IGNORED, levelCall, offersLogging } from './set-level.ts';

/** A server that does not acknowledge its level holds calls up no longer than this. */
const ACKNOWLEDGE_MS = 1_000;

/** The level of one link. */
interface Book {
  /** What the server said of itself; another greeting is another session, whose level is not set. */
  hello: RpcMessage;
  isOffered: boolean;
  sent: string | undefined;
  readonly wanted: Map<object, string>;
  /** Calls that wait until the server has taken the level. */
  waiting: (() => void)[] | undefined;
}

/**
 * Log levels of legacy links. A server has one for each connection, so it is told the most verbose that anybody on it wants now;
 * each client is shown its own part.
 *
 * @see protocol.md 2.1 B and 2.12.
 */
export class LinkLogLevels {
  readonly #clock: Clock;
  readonly #books = new WeakMap<UpstreamLink, Book>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Sees to it that the server sends what `holder` wants, until {@link drop}.
   *
   * @param ready - Called once the server knows, at once when it does already.
   */
  want(link: UpstreamLink, holder: object, level: string, ready: () => void): void {
    const book = this.#bookOf(link);
    if (!book.isOffered) return ready();
    book.wanted.set(holder, level);
    const target = mostVerbose(book.wanted.values());
    if (target === book.sent || target === undefined) {
      if (book.waiting === undefined) ready();
      else book.waiting.push(ready);
      return;
    }
    this.#send(link, book, target, ready);
  }

  /** The same for a session, until it ends. */
  wantForSession(link: UpstreamLink, session: SessionOwner, level: string, ready: () => void): void {
    const { wanted, isOffered } = this.#bookOf(link);
    const isNew = isOffered && !wanted.has(session);
    this.want(link, session, level, ready);
    // A link of its own ends with the session, and may be one of many.
    if (isNew && link.owner !== session) session.onEnd(() => this.drop(link, session));
  }

  /** The level is lowered with the next wish: what comes too much is filtered anyway. */
  drop(link: UpstreamLink, holder: object): void {
    this.#books.get(link)?.wanted.delete(holder);
  }

  #bookOf(link: UpstreamLink): Book {
    let book = this.#books.get(link);
    if (book === undefined) {
      book = { hello: link.hello, isOffered: offersLogging(link.hello), sent: undefined, wanted: new Map(), waiting: undefined };
      this.#books.set(link, book);
    } else if (book.hello !== link.hello) {
      book.hello = link.hello;
      book.isOffered = offersLogging(link.hello);
      book.sent = undefined;
    }
    return book;
  }

  #send(link: UpstreamLink, book: Book, level: string, ready: () => void): void {
    const waiting = [...(book.waiting ?? []), ready];
    book.sent = level;
    book.waiting = waiting;
    const proceed = (): void => {
      cancelTimer();
      // A later level has taken over those who wait.
      if (book.waiting !== waiting) return;
      book.waiting = undefined;
      for (const listener of waiting) listener();
    };
    const cancelTimer = this.#clock.after(ACKNOWLEDGE_MS, proceed);
    link.send(levelCall(`{"level":${JSON.stringify(level)}}`), { ...IGNORED, onAnswer: proceed, onFailure: proceed });
  }
}
