import { GATEWAY_ERRORS, type GatewayErrorCode, type GatewayErrorFacts } from './gateway-errors.ts';

/** Extra facts of one occurrence. Never put secrets, tokens or call arguments here. */
export interface GatewayErrorOptions extends ErrorOptions {
  /** Goes into `error.data` of the JSON-RPC error, beside Omni's own `code` and `hint`. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** What the log says in place of the message, where that quotes what only the caller may read. */
  readonly logText?: string;
  /** Whole seconds after which a place can be expected; for `OMNI_OVERLOADED`. Goes into `data` too. */
  readonly retryAfterS?: number;
  /** What to do, when this occurrence knows better than the table. */
  readonly hint?: string;
}

/** What is overloaded now need not be so in a moment. */
const MOMENT_S = 1;
/** Those that may know for how long they last. */
const TIMED: ReadonlySet<GatewayErrorCode> = new Set<GatewayErrorCode>([
  'OMNI_RATE_LIMITED',
  'OMNI_CIRCUIT_OPEN',
  'OMNI_QUEUE_FULL',
  'OMNI_QUOTA_USED_UP',
]);

/** A failure that Omni foresaw. Callers branch on `code`, never on the message. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;
  readonly hint: string;
  readonly data: Readonly<Record<string, unknown>> | undefined;
  /** The message as it may stand in the log. */
  readonly logText: string;
  readonly #retryAfterS: number | undefined;

  constructor(code: GatewayErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.hint = options.hint ?? GATEWAY_ERRORS[code].hint;
    const { data, retryAfterS } = options;
    this.logText = options.logText ?? message;
    this.#retryAfterS = retryAfterS;
    this.data = retryAfterS === undefined ? data : { ...data, retryAfterS };
  }

  /**
   * Whole seconds after which the same request may find a place (RFC 9110, section 10.2.3); `undefined` where
   * no wait is known to help.
   */
  get retryAfterS(): number | undefined {
    if (TIMED.has(this.code)) return this.#retryAfterS;
    return this.code === 'OMNI_OVERLOADED' ? (this.#retryAfterS ?? MOMENT_S) : undefined;
  }

  /** The row of {@link GATEWAY_ERRORS} for this code. */
  get facts(): GatewayErrorFacts {
    return GATEWAY_ERRORS[this.code];
  }

  /** Turns anything thrown into a `GatewayError`; what nobody foresaw becomes `OMNI_INTERNAL`. */
  static from(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    return new GatewayError('OMNI_INTERNAL', 'Omni failed unexpectedly while handling this request', {
      cause: error,
    });
  }
}
