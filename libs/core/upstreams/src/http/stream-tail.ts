import type { HttpCall } from '@omni/ports';
import type { Deadline, DeadlineListener, Deadlines } from '../connection/deadlines.ts';
import type { HttpMessageReader } from './http-message-reader.ts';

/** How long a stream may stay open behind its answer. */
const LINGER_MS = 5_000;

/**
 * What is left of an event stream when its answer is there: it is expected to end, since cutting it would
 * cost the connection.
 */
export class StreamTail implements DeadlineListener {
  readonly #http: HttpCall | undefined;
  readonly #reader: HttpMessageReader | undefined;
  readonly #deadline: Deadline;

  constructor(http: HttpCall | undefined, reader: HttpMessageReader | undefined, deadlines: Deadlines) {
    this.#http = http;
    this.#reader = reader;
    this.#deadline = deadlines.start(this, LINGER_MS, LINGER_MS);
  }

  /** The stream has ended. */
  end(): void {
    this.#deadline.stop();
  }

  onDeadline(): void {
    this.#reader?.stop();
    this.#http?.abort();
  }
}
