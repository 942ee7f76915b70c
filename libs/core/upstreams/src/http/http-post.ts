import type { GatewayError, HeaderList, HttpCall, HttpResponseListener } from '@omni/ports';
import { sendAuthorized } from './authorized-exchange.ts';
import { bodyKind, type RequestHeaders } from './http-headers.ts';
import type { InstanceHttp } from '../cookies/instance-http.ts';

/** Told how a message that expects no answer was received. */
export type PostOutcome = (outcome: number | GatewayError) => void;

/** Posts a message that expects no answer; what the upstream says to it is not read. @param onOutcome - Told the status or the failure, once. */
export function httpPost(
  http: InstanceHttp,
  url: string,
  headers: RequestHeaders,
  body: string,
  onOutcome: PostOutcome = ignore,
): HttpCall {
  const listener = new OutcomeListener(onOutcome);
  const call = sendAuthorized(http, headers, { method: 'POST', url, headers: headers.list, body }, listener);
  listener.watch(call);
  return call;
}

function ignore(): void {}

/** What is skipped of a body, so that its connection can be used again. */
const MAX_SKIPPED_BYTES = 64 * 1024;

/** Tells the status when it is there, and skips the body: nothing is waited for behind the head. */
export class OutcomeListener implements HttpResponseListener {
  readonly #onOutcome: PostOutcome;
  #call: HttpCall | undefined;
  #skippedBytes = 0;
  #isTold = false;

  constructor(onOutcome: PostOutcome) {
    this.#onOutcome = onOutcome;
  }

  /** Ends this exchange when its body has no end. */
  watch(call: HttpCall): void {
    this.#call = call;
  }

  onHead(status: number, headers: HeaderList): void {
    // A stream may be left open for ever.
    if (bodyKind(headers) === 'events') this.#call?.abort();
    this.#tell(status);
  }

  onData(chunk: Uint8Array): void {
    this.#skippedBytes += chunk.byteLength;
    // guard: http/skipped
    if (this.#skippedBytes > MAX_SKIPPED_BYTES) this.#call?.abort();
  }

  onEnd(): void {}

  onError(error: GatewayError): void {
    this.#tell(error);
  }

  #tell(outcome: number | GatewayError): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#onOutcome(outcome);
  }
}
