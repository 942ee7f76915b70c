import type { Exchange } from '@omni/ports';

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
