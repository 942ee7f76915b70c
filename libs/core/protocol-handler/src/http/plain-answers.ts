import type { Exchange } from '@omni/ports';
import type { BatchTarget } from '../legacy/batch-collector.ts';
import { JSON_HEADERS } from '../streams/sse-text.ts';

/** Something to read that is no message of MCP. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What an exchange carried is taken, and nothing is to be said to it. */
export function acknowledge(exchange: Exchange, status = 202): void {
  exchange.respond(status, []);
}

export function showPage(exchange: Exchange, { status, contentType, body }: Page): void {
  exchange.respond(
    status,
    ['Content-Type', contentType, 'Cache-Control', 'no-store'],
    exchange.method === 'HEAD' ? undefined : body,
  );
}

/** Where the answers of a batch go that came by HTTP. */
export class HttpBatchTarget implements BatchTarget {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  answerBatch(answers: string): void {
    if (answers === '') acknowledge(this.#exchange);
    else this.#exchange.respond(200, JSON_HEADERS, answers);
  }

  destroy(): void {
    this.#exchange.stream(500, JSON_HEADERS).destroy();
  }
}
