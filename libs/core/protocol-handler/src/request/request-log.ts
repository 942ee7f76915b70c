import { metaOf, type RpcMessage, stringMember } from '@omni/jsonrpc';
import { type ClientContext, type Outcome, serverOf, traceIdOf } from '@omni/model';
import {
  type Clock,
  type Exchange,
  GatewayError,
  type LogFields,
  type Logger,
  type Millis,
  type Random,
  systemRandom,
} from '@omni/ports';

/** Failures of upstreams come in floods; beyond this many lines a second they are only counted. */
const MAX_LINES_PER_SECOND = 10;
const SECOND_MS = 1000;
const MAX_METHOD_LENGTH = 100;
/** Has an id by which the operator finds it. */
const UNKNOWN = 'OMNI_OUTCOME_UNKNOWN';

export interface RequestLogOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Tells runs apart, and picks requests. Default: the runtime's. */
  readonly random?: Random | undefined;
  /** The share of requests that are told at info, from 0 to 1. Default: 0. */
  readonly infoShare?: number | undefined;
}

/** What is told of a request. */
export interface LoggedRequest {
  readonly message: RpcMessage;
  readonly client: Pick<ClientContext, 'principal' | 'endpoint' | 'session'>;
  readonly headers: Pick<Exchange, 'header'> | undefined;
  /** Counted from 1 in each run. */
  readonly number: number;
  /** Monotonic: when it was read. */
  readonly arrivedMs: Millis;
}

/**
 * What the log says of requests: each at debug, a share of them at info where that is wanted, those that
 * failed because of Omni or a server always, at warn or error.
 *
 * Who asked, method, endpoint, ids, time and outcome; never arguments or results (requirement S003-LG-01).
 */
export class RequestLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #isDebugging: boolean;
  readonly #random: Random;
  readonly #infoShare: number;
  /** Tells the requests of this run from those of others. */
  readonly #prefix: string;
  #lines = 0;
  #suppressed = 0;
  #isCounting = false;

  constructor({ logger, clock, random = systemRandom, infoShare = 0 }: RequestLogOptions) {
    this.#prefix = Math.floor(random() * 36 ** 4)
      .toString(36)
      .padStart(4, '0');
    this.#logger = logger;
    this.#clock = clock;
    this.#isDebugging = logger.debugging;
    this.#random = random;
    this.#infoShare = infoShare;
  }

  /** The time that requests are measured by: monotonic. */
  nowMs(): Millis {
    return this.#clock.monotonicMs();
  }

  /** A request has ended. Costs nothing unless something is to be told. */
  settled(request: LoggedRequest, outcome: Outcome): void {
    if (outcome.kind === 'error' || outcome.kind === 'refused') this.#onError(request, outcome.error);
    const isTold = this.#infoShare > 0 && /* guard: log/sampling */ this.#random() < this.#infoShare;
    if (!isTold && !this.#isDebugging) return;
    const ms = Math.round((this.#clock.monotonicMs() - request.arrivedMs) * 10) / 10;
    const fields = { ...this.#fields(request), ms, outcome: wordOf(outcome) };
    if (isTold) this.#logger.info(fields, 'request');
    else this.#logger.debug(fields, 'request');
  }

  #onError(request: LoggedRequest, error: GatewayError): void {
    const { code, data } = error;
    const isUnknown = code === UNKNOWN;
    const failure = isUnknown && error.cause instanceof GatewayError ? error.cause : error;
    const isOurs = failure.code === 'OMNI_INTERNAL';
    if ((!isOurs && !isUnknown && !code.startsWith('OMNI_UPSTREAM_')) || !this.#mayWrite()) return;
    const fields = {
      ...this.#fields(request),
      ...(isUnknown && { operation: data?.['operation'], cause: data?.['cause'] }),
    };
    if (isOurs)
      this.#logger.error({ ...fields, err: failure.cause ?? failure }, 'a request failed inside Omni');
    else this.#logger.warn({ ...fields, code }, /* guard: log/quoted-answer */ error.logText);
  }

  #mayWrite(): boolean {
    if (!this.#isCounting) {
      this.#isCounting = true;
      this.#clock.after(SECOND_MS, this.#onSecond);
    }
    if (/* guard: log/flood */ this.#lines < MAX_LINES_PER_SECOND) {
      this.#lines++;
      return true;
    }
    this.#suppressed++;
    return false;
  }

  readonly #onSecond = (): void => {
    const suppressed = this.#suppressed;
    this.#isCounting = false;
    this.#lines = 0;
    this.#suppressed = 0;
    if (suppressed > 0)
      this.#logger.warn({ suppressed }, 'more requests failed within a second than are logged one by one');
  };

  #fields({ number, message, client, headers }: LoggedRequest): LogFields {
    const { principal, endpoint, session } = client;
    const traceId =
      traceIdOf(stringMember(message.text, metaOf(message), 'traceparent')) ??
      traceIdOf(headers?.header('traceparent'));
    return {
      requestId: `${this.#prefix}-${number.toString(36)}`,
      principal: principal.id,
      // The key; never the id that the client shows.
      ...(session === undefined ? {} : { sessionId: session.key }),
      ...(traceId === undefined ? {} : { traceId }),
      method: /* guard: process/log-arguments, log/arguments */ message.method
        // guard: log/method
        .slice(0, MAX_METHOD_LENGTH),
      ...(endpoint.kind === 'all' ? {} : { scope: serverOf(endpoint) }),
    };
  }
}

/** `ok`, the code of Omni's error table, or the number of a server's JSON-RPC error. */
function wordOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'message':
      if (outcome.errorCode === undefined) return 'ok';
      // A server may write anything in its place.
      return /^-?\d{1,10}$/.test(outcome.errorCode) ? outcome.errorCode : 'error';
    case 'error':
    case 'refused':
      return outcome.error.code;
    case 'streamed':
      return outcome.isError ? 'error' : 'ok';
    case 'cancelled':
      return 'cancelled';
  }
}
