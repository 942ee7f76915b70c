import type { Outcome } from '@omni/model';
import type { Millis } from '@omni/ports';
import { answerText } from '../request/answer-text.ts';
import { type ClientOutlet, deliverNow } from '../request/deliver.ts';
import type { ResponseWriter } from '../request/response-writer.ts';

/** Where the answers of a batch go: the one exchange, or the channel, that brought it. */
export interface BatchTarget {
  /**
   * A request of the batch takes time; may be called once for each of them.
   *
   * @param sinceMs - See {@link ResponseWriter.keepWaiting}.
   */
  keepWaiting(sinceMs: Millis): void;
  /** @param answers - A JSON array; empty when no message wanted an answer. */
  answerBatch(answers: string): void;
  destroy(): void;
}

/** Takes the answers to the requests of a batch, and writes them as one when all are in. */
export class BatchCollector implements ResponseWriter {
  readonly #target: BatchTarget;
  readonly #outlet: ClientOutlet;
  readonly #answers: string[] = [];
  /** Of the requests, and of the batch itself until it has been read to its end. */
  #open = 1;
  #isBroken = false;

  /** @param outlet - Takes what precedes the answers: it belongs to no single one. */
  constructor(target: BatchTarget, outlet: ClientOutlet) {
    this.#target = target;
    this.#outlet = outlet;
  }

  /** One more request answers here. */
  expect(): void {
    this.#open++;
  }

  /** Takes an answer to what is no request. */
  add(text: string): void {
    this.#answers.push(text);
  }

  /** The batch holds nothing more. */
  close(): void {
    this.#open--;
    if (this.#open > 0 || this.#isBroken) return;
    this.#target.answerBatch(this.#answers.length === 0 ? '' : `[${this.#answers.join(',')}]`);
  }

  notification(text: string): true {
    deliverNow(this.#outlet, text);
    return true;
  }

  serverRequest(text: string): boolean {
    return deliverNow(this.#outlet, text);
  }

  onDrain(listener: () => void): void {
    listener();
  }

  keepWaiting(sinceMs: Millis): void {
    this.#target.keepWaiting(sinceMs);
  }

  write(id: string, outcome: Outcome): void {
    const text = answerText(id, outcome);
    if (text !== undefined) this.add(text);
    this.close();
  }

  /** The others run to their end, but there is nothing any more to answer on. */
  destroy(): void {
    this.#isBroken = true;
    this.#target.destroy();
  }
}
