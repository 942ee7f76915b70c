import { requestText, type RpcMessage } from '@omni/jsonrpc';
import type { CancelTimer, GatewayError, HttpCall } from '@omni/ports';
import { sendAuthorized } from '../http/authorized-exchange.ts';
import { postHeaders } from '../http/http-headers.ts';
import { HttpMessageReader, type HttpMessageSink } from '../http/http-message-reader.ts';
import { sessionHeaders, type HttpTarget, type LegacyHttpSession } from '../http/legacy-http-session.ts';
import { errorCodeOf, REFUSALS } from '../connection/mcp-revision.ts';
import type { ConnectionOptions } from '../connection/open-connection.ts';

/** A server that takes longer than this to refuse is at work for the session. */
const CHECK_MS = 5_000;
const PING_ID = '"omni-session"';
/**
 * How a server says that it does not know a session: 404 by the specification, 400 in the examples of the
 * SDKs and what was made after them.
 */
export const UNKNOWN_SESSION: ReadonlySet<unknown> = new Set([400, 404]);
export const METHOD_UNKNOWN = '-32601';

/**
 * Whether an answer with status 400 may mean that there is no such session. What a method says of its
 * parameters does not.
 *
 * @param isNamed - Whether it names the request by its id.
 */
export function mayMeanLostSession(message: RpcMessage, isNamed: boolean): boolean {
  return (
    message.error !== undefined &&
    /* guard: http/answered-twice */ (!isNamed || REFUSALS.has(errorCodeOf(message)))
  );
}

/** Whether an answer to `ping`, or a failure with this status, says that there is no such session. */
export type TellsLoss = (status: number, message: RpcMessage | undefined) => boolean;

function isUnknown(status: number, message: RpcMessage | undefined): boolean {
  return (
    UNKNOWN_SESSION.has(status) &&
    /* guard: http/no-ping */ (message === undefined || errorCodeOf(message) !== METHOD_UNKNOWN)
  );
}

/**
 * Asks an upstream that has refused something whether it still knows the session: `ping` is refused only
 * without one.
 *
 * @param done - Called once, never before this returns. Whatever does not say that the session is lost says
 * that it stands.
 * @param tellsLoss - Default: as the specification and the SDKs say it.
 * @returns Gives up; `done` is not called then.
 */
export function checkSession(
  options: ConnectionOptions & HttpTarget,
  session: LegacyHttpSession,
  done: (isLost: boolean) => void,
  tellsLoss: TellsLoss = isUnknown,
): () => void {
  const check = new SessionCheck(options, session, done, tellsLoss);
  return () => check.abort();
}

class SessionCheck implements HttpMessageSink {
  readonly #done: (isLost: boolean) => void;
  readonly #tellsLoss: TellsLoss;
  readonly #reader: HttpMessageReader;
  readonly #http: HttpCall;
  readonly #cancelTimer: CancelTimer;

  constructor(
    options: ConnectionOptions & HttpTarget,
    session: LegacyHttpSession,
    done: (isLost: boolean) => void,
    tellsLoss: TellsLoss,
  ) {
    this.#done = done;
    this.#tellsLoss = tellsLoss;
    const { http, url, credentials, context } = options;
    this.#reader = new HttpMessageReader({
      credentials,
      context,
      sink: this,
    });
    this.#cancelTimer = context.clock.after(CHECK_MS, () => this.#finish(false));
    const headers = postHeaders(credentials, session.version, ...sessionHeaders(session));
    this.#http = sendAuthorized(
      http,
      headers,
      { method: 'POST', url, headers: headers.list, body: requestText(PING_ID, 'ping', '') },
      this.#reader,
    );
  }

  abort(): void {
    this.#cancelTimer();
    this.#reader.stop();
    this.#http.abort();
  }

  onHead(): boolean {
    return true;
  }

  onMessage(message: RpcMessage, status: number): void {
    if (message.kind === 'response') this.#finish(this.#tellsLoss(status, message));
  }

  onFramingError(): void {}

  onEnd(): void {
    this.#finish(false);
  }

  onFailure(error: GatewayError): void {
    const status = error.data?.['status'];
    this.#finish(typeof status === 'number' && this.#tellsLoss(status, undefined));
  }

  #finish(isLost: boolean): void {
    this.abort();
    this.#done(isLost);
  }
}
