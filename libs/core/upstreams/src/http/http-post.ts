import type { GatewayError, HeaderList, HttpCall, HttpResponseListener } from '@omni/ports';
import { sendAuthorized } from './authorized-exchange.ts';
import { bodyKind, type RequestHeaders } from './http-headers.ts';
import type { InstanceHttp } from '../cookies/instance-http.ts';

/** Told how a message that expects no answer was received. */
export interface PostWatch {
  /** The status or the failure, once. */
  readonly onOutcome?: (outcome: number | GatewayError) => void;
  /** The exchange holds its connection no longer, once. Not called after an abort of the caller's own. */
  readonly onOver?: () => void;
}

/** Posts a message that expects no answer; what the upstream says to it is not read. */
export function httpPost(
  http: InstanceHttp,
  url: string,
  headers: RequestHeaders,
  body: string,
  watch: PostWatch = {},
): HttpCall {
  const listener = new OutcomeListener(watch);
  const call = sendAuthorized(http, headers, { method: 'POST', url, headers: headers.list, body }, listener);
  listener.watch(call);
  return call;
}

/** What is skipped of a body, so that its connection can be used again. */
const MAX_SKIPPED_BYTES = 64 * 1024;

/** Tells the status when it is there, and skips the body: nothing is waited for behind the head. */
export class OutcomeListener implements HttpResponseListener {
  readonly #watch: PostWatch;
  #call: HttpCall | undefined;
  #skippedBytes = 0;
  #isTold = false;
  #isOver = false;

  constructor(watch: PostWatch) {
    this.#watch = watch;
  }

  /** Ends this exchange when its body has no end. */
  watch(call: HttpCall): void {
    this.#call = call;
  }

  onHead(status: number, headers: HeaderList): void {
    this.#tell(status);
    // A stream may be left open for ever.
    if (bodyKind(headers) === 'events') this.#cut();
  }

  onData(chunk: Uint8Array): void {
    this.#skippedBytes += chunk.byteLength;
    // guard: http/skipped
    if (this.#skippedBytes > MAX_SKIPPED_BYTES) this.#cut();
  }

  onEnd(): void {
    this.#over();
  }

  onError(error: GatewayError): void {
    this.#tell(error);
    this.#over();
  }

  #cut(): void {
    this.#call?.abort();
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch.onOver?.();
  }

  #tell(outcome: number | GatewayError): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#watch.onOutcome?.(outcome);
  }
}
