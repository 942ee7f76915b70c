import type { CallHandler } from '@omni/model';
import type { HttpCall } from '@omni/ports';
import type { Deadline } from '../connection/deadlines.ts';

/**
 * Holds an exchange, and the idle time of its call, while the client does not read. Calls of clients that
 * keep up have none.
 */
export class SlowReader {
  readonly #listener: CallHandler;
  readonly #deadline: Deadline | undefined;
  #http: HttpCall | undefined;
  #isHeld = false;
  #isOver = false;

  constructor(listener: CallHandler, deadline: Deadline | undefined) {
    this.#listener = listener;
    this.#deadline = deadline;
  }

  /** Holds this exchange until the client has read. */
  hold(http: HttpCall | undefined): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#http = http;
    http?.pause();
    this.#deadline?.hold();
    this.#listener.onDrain(() => {
      this.#isHeld = false;
      if (this.#isOver) return;
      this.#deadline?.release();
      this.#http?.resume();
    });
  }

  /** The call goes on in another exchange. */
  moveTo(http: HttpCall): void {
    this.#http = http;
    if (this.#isHeld) http.pause();
  }

  /** The call is over: what still comes in its exchange is for nobody. */
  end(): void {
    this.#isOver = true;
    if (this.#isHeld) this.#http?.resume();
  }
}
