import { GatewayError, type HttpCall, type HttpResponseListener } from '@omni/ports';
import type { Dispatcher } from 'undici';
import { errorCode } from './error-code.ts';

type Phase = 'connect' | 'request' | 'body';

const ABORTED = new GatewayError('OMNI_CANCELLED', 'The call was aborted');

/** One request under way: what undici reports becomes what the port promises. One object a call, no closures. */
export class UndiciCall implements HttpCall, Dispatcher.DispatchHandler {
  readonly #listener: HttpResponseListener;
  readonly #origin: string;
  #controller: Dispatcher.DispatchController | undefined;
  #phase: Phase = 'connect';
  #isStarted = false;
  #isPaused = false;
  #isDone = false;

  constructor(listener: HttpResponseListener, origin: string) {
    this.#listener = listener;
    this.#origin = origin;
  }

  /** The request is handed over: the listener may be called from now on. */
  start(): void {
    this.#isStarted = true;
  }

  fail(error: GatewayError): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#listener.onError(error);
  }

  abort(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#controller?.abort(ABORTED);
  }

  pause(): void {
    this.#isPaused = true;
    this.#controller?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#controller?.resume();
  }

  /** The connection stands; the request is written next. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#phase = 'request';
    if (this.#isDone) controller.abort(ABORTED);
    else if (this.#isPaused) controller.pause();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // 1xx: the real head follows.
    if (this.#isDone || status < 200) return;
    this.#phase = 'body';
    this.#listener.onHead(status, flatHeaders(controller.rawHeaders));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isDone) this.#listener.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#listener.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isDone) return;
    const failure = describe(error, this.#phase, this.#origin);
    // undici refuses what it cannot send while it is being handed over; the port promises silence until then.
    if (this.#isStarted) this.fail(failure);
    else queueMicrotask(() => this.fail(failure));
  }
}

/** undici gives the bytes of HTTP/1.1 header fields; they are ISO 8859-1 (RFC 9110, 5.5). */
function flatHeaders(raw: Dispatcher.DispatchController['rawHeaders']): readonly string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((field) => (typeof field === 'string' ? field : field.toString('latin1')));
}

function describe(error: Error, phase: Phase, origin: string): GatewayError {
  const reason = reasonOf(error);
  const message =
    phase === 'connect'
      ? `Cannot connect to ${origin} (${reason})`
      : phase === 'request'
        ? `The connection to ${origin} broke before the answer began (${reason})`
        : `The answer of ${origin} broke off (${reason})`;
  return new GatewayError('OMNI_UPSTREAM_UNREACHABLE', message, { cause: error, data: { phase, reason } });
}

/** A short code, e.g. `ECONNREFUSED`: the system's where there is one, undici's otherwise. */
function reasonOf(error: Error): string {
  const code = errorCode(error);
  if (code === 'UND_ERR_SOCKET') return errorCode(error.cause) ?? 'SOCKET_CLOSED';
  return code?.replace(/^UND_ERR_/, '') ?? 'UNKNOWN';
}
