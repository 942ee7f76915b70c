import { GatewayError, type HttpCall, type HttpResponseListener, ownsLargeBuffer } from '@omni/ports';
import type { Dispatcher } from 'undici';
import { errorCode } from '../files/error-code.ts';
import type { BufferCollector } from './buffer-collector.ts';
import { codingOf, UnpackedBody, type UnpackedSink } from './client/content-coding.ts';
import { ProxyRefusal } from './client/proxy-tunnel.ts';

/** Headers as undici gives them, keyed by lower-case name. */
type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

type Phase = 'connect' | 'request' | 'body';

/**
 * What one answer may bring in one turn of the event loop. The system hands over up to 2 MiB of a connection
 * before it looks at the next one: of small messages that is half a second in which nobody else is served.
 */
const TURN_BYTES = 128 * 1024;

const ABORTED = new GatewayError('OMNI_CANCELLED', 'The call was aborted');

/**
 * One request under way: what undici reports becomes what the port promises. One object a call, no closures.
 */
export class UndiciCall implements HttpCall, Dispatcher.DispatchHandler, UnpackedSink {
  readonly #listener: HttpResponseListener;
  readonly #origin: string;
  readonly #collector: BufferCollector;
  #controller: Dispatcher.DispatchController | undefined;
  #phase: Phase = 'connect';
  /** Of a body that is packed. */
  #unpacked: UnpackedBody | undefined;
  #isFull = false;
  #isStarted = false;
  #isPaused = false;
  /** Bytes of this turn, or of several in which few came. */
  #turnBytes = 0;
  #waitsForTurn = false;
  /** The body has come as far as it goes. */
  #isReceived = false;
  #isDone = false;

  constructor(listener: HttpResponseListener, origin: string, collector: BufferCollector) {
    this.#listener = listener;
    this.#origin = origin;
    this.#collector = collector;
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
    this.#unpacked?.stop();
    this.#controller?.abort(ABORTED);
  }

  pause(): void {
    // The connection may serve another request by now.
    if (this.#isDone) return;
    this.#isPaused = true;
    this.#unpacked?.pause();
    this.#controller?.pause();
  }

  resume(): void {
    if (this.#isDone) return;
    this.#isPaused = false;
    this.#unpacked?.resume();
    this.#goOn();
  }

  /** The connection stands; the request is written next. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#phase = 'request';
    if (this.#isDone) controller.abort(ABORTED);
    else if (this.#isPaused) controller.pause();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
  ): void {
    // 1xx: the real head follows.
    if (this.#isDone || status < 200) return;
    this.#phase = 'body';
    const packed = headers['content-encoding'];
    if (packed !== undefined) return this.#onPacked(status, headers, String(packed));
    this.#listener.onHead(status, flatHeaders(headers));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#turnBytes += chunk.byteLength;
    if (/* guard: upstream/turn */ this.#turnBytes >= TURN_BYTES) this.#waitForTurn();
    if (this.#unpacked !== undefined) return this.#unpacked.push(chunk);
    // What fills a buffer of its own is given back by whoever has used it.
    if (!ownsLargeBuffer(chunk)) this.#collector.add(chunk.byteLength);
    if (!this.#isDone) this.#listener.onData(chunk);
  }

  onResponseEnd(): void {
    this.#isReceived = true;
    if (this.#unpacked === undefined) this.onUnpackedEnd();
    else this.#unpacked.end();
  }

  onUnpacked(chunk: Uint8Array): void {
    if (!this.#isDone) this.#listener.onData(chunk);
  }

  onUnpackedEnd(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    // What comes behind the end of what was packed has no reader, and may have no end.
    if (!this.#isReceived) this.#controller?.abort(ABORTED);
    this.#listener.onEnd();
  }

  onFull(isFull: boolean): void {
    this.#isFull = isFull;
    if (this.#isDone) return;
    if (isFull) this.#controller?.pause();
    else this.#goOn();
  }

  onBroken(cause: Error | undefined, isTooMuch: boolean): void {
    if (this.#isDone) return;
    const error = isTooMuch
      ? new GatewayError(
          'OMNI_UPSTREAM_TOO_LARGE',
          `The answer of ${this.#origin} is packed more tightly than text ever is`,
        )
      : new GatewayError('OMNI_UPSTREAM_PROTOCOL', `The answer of ${this.#origin} cannot be unpacked`, {
          cause,
        });
    this.fail(error);
    this.#controller?.abort(ABORTED);
  }

  #goOn(): void {
    if (!this.#isPaused && !this.#isFull && !this.#waitsForTurn) this.#controller?.resume();
  }

  #waitForTurn(): void {
    if (this.#waitsForTurn) return;
    this.#waitsForTurn = true;
    this.#controller?.pause();
    setImmediate(nextTurn, this);
  }

  /** Called by {@link nextTurn}. */
  onTurn(): void {
    this.#turnBytes = 0;
    this.#waitsForTurn = false;
    if (!this.#isDone) this.#goOn();
  }

  #onPacked(status: number, headers: ResponseHeaders, written: string): void {
    const coding = codingOf(written);
    if (coding === 'unknown') {
      this.fail(
        new GatewayError(
          'OMNI_UPSTREAM_PROTOCOL',
          `The answer of ${this.#origin} has a content coding that Omni has not offered`,
        ),
      );
      return this.#controller?.abort(ABORTED);
    }
    if (coding === undefined) return this.#listener.onHead(status, flatHeaders(headers));
    this.#unpacked = new UnpackedBody(coding, this);
    if (this.#isPaused) this.#unpacked.pause();
    const { 'content-length': _length, 'content-encoding': _coding, ...plain } = headers;
    this.#listener.onHead(status, flatHeaders(plain));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isDone) return;
    this.#unpacked?.stop();
    const failure = describe(error, this.#phase, this.#origin);
    // undici refuses what it cannot send while it is being handed over; the port promises silence until then.
    if (this.#isStarted) this.fail(failure);
    else queueMicrotask(() => this.fail(failure));
  }
}

function nextTurn(call: UndiciCall): void {
  call.onTurn();
}

/**
 * undici has read names and values as ISO 8859-1 (RFC 9110, 5.5); a name that came several times has a list.
 */
function flatHeaders(headers: ResponseHeaders): readonly string[] {
  const flat: string[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value === 'string') flat.push(name, value);
    else for (const each of value ?? []) flat.push(name, each);
  }
  return flat;
}

function describe(error: Error, phase: Phase, origin: string): GatewayError {
  const reason = reasonOf(error);
  if (error instanceof ProxyRefusal)
    return new GatewayError(
      'OMNI_UPSTREAM_UNREACHABLE',
      `Cannot connect to ${origin}: ${error.message} (${reason})`,
      {
        cause: error,
        data: { phase: 'connect', reason },
        hint: 'Check the proxy (HTTP_PROXY, HTTPS_PROXY, or outgoing.proxy) and what it allows; NO_PROXY names hosts that are reached without.',
      },
    );
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
