import { parseMessage } from '@omni/jsonrpc';
import { type Endpoint, forwardableHeaders, serverOf, withTraceContext } from '@omni/model';
import { type Exchange, GatewayError, type Logger, type OpenChannel, type Principal } from '@omni/ports';
import { bodyText } from './body-text.ts';
import type { FrontLimits } from '../collaborators.ts';
import type { EndpointDecision } from './endpoint-access.ts';
import { accepts, HeaderCheck } from './http-checks.ts';
import { acknowledge } from './plain-answers.ts';
import { newSessionId } from '../legacy/session-id.ts';
import type { Admission } from '../request/admission.ts';
import { refuse } from '../request/refuse.ts';
import type { LegacySessions } from '../legacy/legacy-sessions.ts';
import { SseConnection } from './sse-connection.ts';
import type { StreamTicker } from '../streams/stream-ticker.ts';

export interface SseFrontOptions {
  readonly admission: Admission;
  readonly ticker: StreamTicker;
  readonly limits: FrontLimits;
  /** Names of headers that some server may be told, in lower case. */
  readonly forwardable: readonly string[];
  readonly logger: Logger;
  /** All sessions over HTTP share their places. */
  readonly sessions: Pick<LegacySessions, 'admit' | 'leave'>;
  /** Serves a client on a channel. */
  readonly bind: (
    open: OpenChannel,
    options: { readonly principal: Principal; readonly endpoint: Endpoint; readonly onClosed: () => void },
  ) => unknown;
}

interface OpenSession {
  readonly principal: Principal;
  readonly connection: SseConnection;
}

const MESSAGES_PATH = '/messages';

/**
 * The transport of revision 2024-11-05: `GET /sse` or `/sse/{server}` opens a stream, which names the address
 * to post to.
 *
 * A session lives as long as its stream. Nothing is resumed; clients of this transport do not know how.
 *
 * @see MCP 2024-11-05, basic/transports, "HTTP with SSE"; PROTO-R07.
 */
export class SseFront {
  readonly #options: SseFrontOptions;
  readonly #headers = new HeaderCheck();
  readonly #sessions = new Map<string, OpenSession>();

  constructor(options: SseFrontOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Answers an exchange on one of its paths, which are those of `ENDPOINT_OF_SSE`. */
  readonly serve = (exchange: Exchange, decision: EndpointDecision): void => {
    if (decision.kind === 'refused') return refuse(exchange, decision.error, 'null', decision.headers);
    exchange.belongsTo(decision.principal);
    if (exchange.path === MESSAGES_PATH) this.#post(exchange, decision.principal);
    else this.#open(exchange, decision.principal, decision.endpoint);
  };

  #open(exchange: Exchange, principal: Principal, endpoint: Endpoint): void {
    if (exchange.method !== 'GET') {
      // By this answer a client learns that Streamable HTTP is not spoken here.
      return refuse(
        exchange,
        new GatewayError('OMNI_METHOD_NOT_ALLOWED', 'GET opens the stream of the transport HTTP+SSE'),
        'null',
        ['Allow', 'GET'],
      );
    }
    if (!accepts(exchange.header('accept'), 'text/event-stream')) {
      return refuse(exchange, new GatewayError('OMNI_NOT_ACCEPTABLE', 'Accept must allow text/event-stream'));
    }
    const { bind, ticker, logger, sessions, admission } = this.#options;
    const share = admission.closed ?? sessions.admit(principal);
    // guard: sse/count
    if (share instanceof GatewayError) return refuse(exchange, share);
    const id = newSessionId();
    const open: OpenChannel = (listener) => {
      const connection = new SseConnection({
        exchange,
        endpoint: `${exchange.basePath ?? ''}${MESSAGES_PATH}?sessionId=${id}`,
        ticker,
        listener,
      });
      this.#sessions.set(id, { principal, connection });
      return connection;
    };
    const onClosed = (): void => {
      if (this.#sessions.delete(id)) sessions.leave(share);
    };
    bind(open, { principal, endpoint, onClosed });
    logger.info({ scope: serverOf(endpoint) }, 'HTTP+SSE connection opened');
    exchange.onGone(() => this.#sessions.get(id)?.connection.leave());
  }

  #post(exchange: Exchange, principal: Principal): void {
    if (exchange.method !== 'POST') {
      return refuse(
        exchange,
        new GatewayError('OMNI_METHOD_NOT_ALLOWED', 'Messages are sent by POST'),
        'null',
        ['Allow', 'POST'],
      );
    }
    const id = new URLSearchParams(exchange.query).get('sessionId') ?? '';
    const refused =
      id === ''
        ? new GatewayError('OMNI_SESSION_REQUIRED', 'sessionId is missing')
        : (this.#unknown(id, principal) ?? /* guard: sse/content-type */ this.#headers.body(exchange));
    if (refused !== undefined) return refuse(exchange, refused);
    exchange.readBody(/* guard: request/body-limit-on-sse */ this.#options.limits.maxBodyBytes).then(
      (bytes) => this.#body(exchange, id, principal, bytes),
      (error: unknown) => refuse(exchange, GatewayError.from(error)),
    );
  }

  #body(exchange: Exchange, id: string, principal: Principal, bytes: Uint8Array): void {
    const text = bodyText(bytes);
    if (text instanceof GatewayError) return refuse(exchange, text);
    const message = parseMessage(text, this.#options.limits);
    if (message.kind === 'rejected') return refuse(exchange, message.error, message.id);
    // It may have ended while the body came.
    const gone = this.#unknown(id, principal);
    // guard: sse/ended-meanwhile
    if (gone !== undefined) return refuse(exchange, gone);
    acknowledge(exchange);
    const isSingle = message.kind !== 'batch';
    const header = (name: string): string | undefined => exchange.header(name);
    const { limits, forwardable } = this.#options;
    const whole = isSingle ? withTraceContext(message, header, limits).text : text;
    const headers = forwardable.length === 0 ? undefined : forwardableHeaders(forwardable, header);
    this.#sessions.get(id)?.connection.receive(whole, headers);
  }

  /** That it is another's and that it does not exist look alike from outside. */
  #unknown(id: string, principal: Principal): GatewayError | undefined {
    if (/* guard: sse/principal */ this.#sessions.get(id)?.principal.id === principal.id) return undefined;
    return new GatewayError('OMNI_SESSION_UNKNOWN', 'There is no such session');
  }
}
