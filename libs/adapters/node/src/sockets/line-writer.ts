import type { Writable } from 'node:stream';

const LINE_BREAKS = /[\r\n]+/g;
/** So long a text that waits is encoded: it is a chain of all lines that it was put together from. */
const ENCODE_LENGTH = 64 * 1024;

/**
 * Writes JSON texts as lines to a stream, one line each, all lines of one turn of the event loop in one
 * write: few system calls are what makes a child fast. One write is under way at a time; what comes meanwhile
 * joins the next.
 */
export class LineWriter {
  readonly #stream: Writable;
  readonly #maxBacklogBytes: number;
  readonly #onWrite: (() => void) | undefined;
  /** What waits, in order, without {@link #queue}. */
  #encoded: Buffer[] = [];
  #queue = '';
  #queuedBytes = 0;
  #writingBytes = 0;
  #isScheduled = false;
  #isOpen = true;
  #resolveFinished: (() => void) | undefined;

  /**
   * @param maxBacklogBytes - Bytes not yet taken by the operating system; beyond it lines are refused.
   * @param onWrite - Told after each write to the stream, and when a line waits behind one.
   */
  constructor(stream: Writable, maxBacklogBytes: number, onWrite?: () => void) {
    this.#stream = stream;
    this.#onWrite = onWrite;
    this.#maxBacklogBytes = maxBacklogBytes;
  }

  /** `false` when no line is taken any more. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Bytes that the stream has not been given yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /**
   * Line breaks within the text become blanks: in JSON they stand between tokens only, and each would begin a
   * message of the sender's making.
   *
   * @returns `false` when the line was not taken. A line is always taken when nothing else waits.
   */
  send(text: string): boolean {
    if (!this.#isOpen) return false;
    // guard: line/breaks
    const line = text.includes('\n') || text.includes('\r') ? text.replace(LINE_BREAKS, ' ') : text;
    const bytes = Buffer.byteLength(line) + 1;
    const backlog = this.#queuedBytes + this.#writingBytes;
    // guard: line/backlog
    if (backlog > 0 && backlog + bytes > this.#maxBacklogBytes) return false;
    this.#queue += line + '\n';
    this.#queuedBytes += bytes;
    if (this.#writingBytes > 0) {
      if (this.#queue.length > ENCODE_LENGTH) this.#encode();
      this.#onWrite?.();
    }
    if (!this.#isScheduled && this.#writingBytes === 0) {
      this.#isScheduled = true;
      // Behind the poll phase: whatever other sockets brought in this turn joins the same write.
      setImmediate(this.#flush);
    }
    return true;
  }

  /** Takes no more lines; resolves when those taken are written or can no longer be. */
  finish(): Promise<void> {
    this.#isOpen = false;
    if (this.#writingBytes === 0) this.#flush();
    if (this.#writingBytes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const earlier = this.#resolveFinished;
      this.#resolveFinished = () => {
        earlier?.();
        resolve();
      };
    });
  }

  /** The stream is gone: forgets what waits. */
  abandon(): void {
    this.#isOpen = false;
    this.#encoded = [];
    this.#queue = '';
    this.#queuedBytes = 0;
    this.#writingBytes = 0;
    this.#resolveFinished?.();
    this.#resolveFinished = undefined;
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    if (this.#queuedBytes === 0 || this.#writingBytes > 0) return;
    const encoded = this.#encoded;
    const text = this.#queue;
    this.#writingBytes = this.#queuedBytes;
    this.#queue = '';
    this.#queuedBytes = 0;
    if (encoded.length === 0) this.#stream.write(text, 'utf8', this.#onWritten);
    else {
      this.#encoded = [];
      this.#stream.cork();
      for (const block of encoded) this.#stream.write(block);
      this.#stream.write(text, 'utf8', this.#onWritten);
      this.#stream.uncork();
    }
    this.#onWrite?.();
  };

  #encode(): void {
    this.#encoded.push(Buffer.from(this.#queue));
    this.#queue = '';
  }

  readonly #onWritten = (error?: Error | null): void => {
    if (error) {
      this.abandon();
      return;
    }
    this.#writingBytes = 0;
    if (this.#queuedBytes > 0) this.#flush();
    else {
      this.#resolveFinished?.();
      this.#resolveFinished = undefined;
    }
  };
}
