import type { GatewayError, HttpCall, HttpClient, HttpResponseListener } from '@omni/ports';
import { sendAuthorized } from './authorized-exchange.ts';
import type { RequestHeaders } from './http-headers.ts';

/** Told how a message that expects no answer was received. */
export type PostOutcome = (outcome: number | GatewayError) => void;

/** Posts a message that expects no answer; what the upstream says to it is not read. @param onOutcome - Told the status or the failure, once. */
export function httpPost(
  http: HttpClient,
  url: string,
  headers: RequestHeaders,
  body: string,
  onOutcome: PostOutcome = ignore,
): HttpCall {
  return sendAuthorized(
    http,
    headers,
    { method: 'POST', url, headers: headers.list, body },
    new OutcomeListener(onOutcome),
  );
}

function ignore(): void {}

/** Tells the status at the end of an exchange and skips its body. */
export class OutcomeListener implements HttpResponseListener {
  readonly #onOutcome: PostOutcome;
  #status = 0;

  constructor(onOutcome: PostOutcome) {
    this.#onOutcome = onOutcome;
  }

  onHead(status: number): void {
    this.#status = status;
  }

  onData(): void {}

  onEnd(): void {
    this.#onOutcome(this.#status);
  }

  onError(error: GatewayError): void {
    this.#onOutcome(error);
  }
}
