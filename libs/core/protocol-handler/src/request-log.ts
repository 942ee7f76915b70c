import { memberOf, metaOf, parseMessage, rawOf, type RpcMessage, stringMember } from '@omni/jsonrpc';
import { type Answer, type Endpoint, serverOf, traceIdOf } from '@omni/model';
import {
  type Clock,
  type Exchange,
  type GatewayError,
  type LogFields,
  type Logger,
  type Random,
  systemRandom,
} from '@omni/ports';
import type { LegacySession } from './legacy/legacy-session.ts';

/** Failures of upstreams come in floods; beyond this many lines a second they are only counted. */
const MAX_LINES_PER_SECOND = 10;
const SECOND_MS = 1000;
const MAX_METHOD_LENGTH = 100;
const NO_LIMITS = { maxDepth: Number.POSITIVE_INFINITY, maxElements: Number.POSITIVE_INFINITY };

export interface RequestLogOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Tells runs apart. Default: the runtime's. */
  readonly random?: Random | undefined;
}

/** Where a request came from. */
export interface RequestOrigin {
  /** Id of who asks: a name, never a token. */
  readonly principal: string;
  /** Key of the legacy session; never the id that the client shows. */
  readonly sessionId: string | undefined;
  readonly endpoint: Endpoint;
  /** Absent where there are no headers. */
  readonly exchange?: Exchange;
}

/** Where the requests of a legacy session come from. */
export function originOf({ key, client }: Pick<LegacySession, 'key' | 'client'>): RequestOrigin {
  return { principal: client.principal.id, sessionId: key, endpoint: client.endpoint };
}

/**
 * What the log says of requests: each at debug, those that failed because of Omni or a server at warn or error.
 *
 * Who asked, method, endpoint, ids, time and outcome; never arguments or results (requirement S003-LG-01).
 */
export class RequestLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #isDebugging: boolean;
  /** Tells the requests of this run from those of others. */
  readonly #prefix: string;
  #count = 0;
  #lines = 0;
  #suppressed = 0;
  #isCounting = false;

  constructor({ logger, clock, random = systemRandom }: RequestLogOptions) {
    this.#logger = logger;
    this.#clock = clock;
    this.#isDebugging = logger.debugging;
    this.#prefix = Math.floor(random() * 36 ** 4)
      .toString(36)
      .padStart(4, '0');
  }

  /** A request that has just come. */
  begin(message: RpcMessage, origin: RequestOrigin): RequestRecord {
    return new RequestRecord(
      this,
      message,
      origin,
      ++this.#count,
      this.#isDebugging ? this.#clock.monotonicMs() : undefined,
    );
  }

  /** Called by its records. */
  onAnswer(record: RequestRecord, answer: Answer): void {
    if (answer.kind === 'error') this.#onError(record, answer.error);
    if (this.#isDebugging) this.onEnd(record, outcomeOf(answer));
  }

  /** Called by its records. */
  onEnd(record: RequestRecord, outcome: string): void {
    if (!this.#isDebugging || record.beganMs === undefined) return;
    const ms = Math.round((this.#clock.monotonicMs() - record.beganMs) * 10) / 10;
    this.#logger.debug({ ...this.#fields(record), ms, outcome }, 'request');
  }

  #onError(record: RequestRecord, error: GatewayError): void {
    const { code } = error;
    const isOurs = code === 'OMNI_INTERNAL';
    if ((!isOurs && !code.startsWith('OMNI_UPSTREAM_')) || !this.#mayWrite()) return;
    if (isOurs)
      this.#logger.error(
        { ...this.#fields(record), err: error.cause ?? error },
        'a request failed inside Omni',
      );
    else this.#logger.warn({ ...this.#fields(record), code }, error.message);
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
      this.#logger.warn({ suppressed }, 'more requests failed within a second than are told one by one');
  };

  #fields({ number, message, origin }: RequestRecord): LogFields {
    const { principal, sessionId, endpoint, exchange } = origin;
    const traceId =
      traceIdOf(stringMember(message.text, metaOf(message), 'traceparent')) ??
      traceIdOf(exchange?.header('traceparent'));
    return {
      requestId: `${this.#prefix}-${number.toString(36)}`,
      principal,
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(traceId === undefined ? {} : { traceId }),
      method: /* guard: process/log-arguments, log/arguments */ message.method
        // guard: log/method
        .slice(0, MAX_METHOD_LENGTH),
      ...(endpoint.kind === 'all' ? {} : { scope: serverOf(endpoint) }),
    };
  }
}

/** One request, until it is over. Costs a few fields unless something is to be told. */
export class RequestRecord {
  readonly #log: RequestLog;
  readonly message: RpcMessage;
  readonly origin: RequestOrigin;
  /** Counted from 1 in each run. */
  readonly number: number;
  /** On the monotonic clock; `undefined` unless requests are told one by one. */
  readonly beganMs: number | undefined;

  constructor(
    log: RequestLog,
    message: RpcMessage,
    origin: RequestOrigin,
    number: number,
    beganMs: number | undefined,
  ) {
    this.#log = log;
    this.message = message;
    this.origin = origin;
    this.number = number;
    this.beganMs = beganMs;
  }

  /** It has got its answer. */
  answered(answer: Answer): void {
    if (answer.kind === 'error' || this.beganMs !== undefined) this.#log.onAnswer(this, answer);
  }

  /** It has got an answer that was passed on while it came. */
  passed(isError: boolean): void {
    if (this.beganMs !== undefined) this.#log.onEnd(this, isError ? 'error' : 'ok');
  }

  /** It gets none: the client does not want it any more. */
  cancelled(): void {
    if (this.beganMs !== undefined) this.#log.onEnd(this, 'cancelled');
  }
}

/** `ok`, the code of Omni's error table, or the number of a server's JSON-RPC error. */
function outcomeOf(answer: Answer): string {
  if (answer.kind === 'error') return answer.error.code;
  const { payload } = answer;
  const message = parseMessage(
    typeof payload === 'string' ? payload : new TextDecoder().decode(payload),
    NO_LIMITS,
  );
  if (message.kind !== 'response' || message.error === undefined) return 'ok';
  return rawOf(message, memberOf(message.error.object, 'code')) ?? 'error';
}
