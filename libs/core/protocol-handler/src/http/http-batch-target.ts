import type { Exchange, Millis } from '@omni/ports';
import type { BatchTarget } from '../legacy/batch-collector.ts';
import type { HttpWriter } from './http-writer.ts';
import { acknowledge } from './plain-answers.ts';

/**
 * Where the answers of a batch go that came by HTTP: one body, or the event of a stream once they take long.
 */
export class HttpBatchTarget implements BatchTarget {
  readonly #exchange: Exchange;
  readonly #writer: HttpWriter;
  #isWaiting = false;

  constructor(exchange: Exchange, writer: HttpWriter) {
    this.#exchange = exchange;
    this.#writer = writer;
  }

  keepWaiting(sinceMs: Millis): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#writer.keepWaiting(sinceMs);
    this.#exchange.onGone(() => this.#writer.onGone());
  }

  answerBatch(answers: string): void {
    if (answers !== '') this.#writer.write('null', { kind: 'message', payload: answers, status: 200 });
    else if (!this.#writer.endStream()) acknowledge(this.#exchange);
  }

  destroy(): void {
    this.#writer.destroy();
  }
}
