import { parseMessage, resultText, type RpcBatch, type RpcMessage } from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type Endpoint,
  forwardableHeaders,
  type RunningCall,
  serverOf,
  withTraceContext,
} from '@omni/model';
import {
  type Exchange,
  GatewayError,
  type HeaderList,
  LiveList,
  type Logger,
  type Place,
  type Principal,
} from '@omni/ports';
import { bodyText } from './body-text.ts';
import type { Admission } from '../admission.ts';
import { checkBatch, runBatch } from '../legacy/batch.ts';
import type { FrontLimits } from '../collaborators.ts';
import { ENDPOINT_OF_SSE, type EndpointAccess, type EndpointDecision } from './endpoint-access.ts';
import { accepts, HeaderCheck, paramHeadersOf } from './http-checks.ts';
import { refuse } from './http-refusal.ts';
import { HttpReply } from './http-reply.ts';
import { checkInitialize } from '../legacy/legacy-session.ts';
import type { HttpSession, LegacySessions } from '../legacy/legacy-sessions.ts';
import { checkMirroredHeaders, claimsModernEnvelope, readEnvelope } from '../modern/modern-envelope.ts';
import { isPersistent, type ModernRequests } from '../modern/modern-requests.ts';
import { isModernVersion, LEGACY_VERSIONS, SUPPORTED_VERSIONS } from '../protocol-versions.ts';
import { originOf, type RequestLog } from '../request-log.ts';
import { JSON_HEADERS } from '../streams/sse-text.ts';
import type { SseFront } from './sse-front.ts';
import type { StreamTicker } from '../streams/stream-ticker.ts';

/** Answers paths that are not MCP, such as health. */
export interface Probes {
  /**
   * @param isTrusted - Whether the request shows who it is from: details are for those.
   * @returns `undefined` when nothing is there.
   */
  answer(
    path: string,
    isTrusted: boolean,
  ): { readonly status: number; readonly contentType: string; readonly body: string } | undefined;
}

export interface HttpFrontOptions {
  readonly access: EndpointAccess;
  readonly probes: Probes;
  /** Absent where the transport of 2024-11-05 is switched off. */
  readonly sse?: SseFront | undefined;
  readonly modern: ModernRequests;
  readonly sessions: LegacySessions;
  readonly admission: Admission;
  readonly ticker: StreamTicker;
  readonly limits: FrontLimits;
  /** Names of headers that some server may be told, in lower case. */
  readonly forwardable: readonly string[];
  readonly requests: RequestLog;
  readonly logger: Logger;
}

interface OpenCall {
  readonly reply: HttpReply;
  readonly running: RunningCall;
}

const SESSION_HEADER = 'mcp-session-id';

/**
 * The HTTP front: one URL for both eras, decided for each request by what it carries.
 *
 * @see protocol.md R1–R6; MCP 2026-07-28 and 2025-11-25, basic/transports.
 */
export class HttpFront {
  readonly #options: HttpFrontOptions;
  readonly #headers = new HeaderCheck();
  /** Modern requests under way. */
  readonly #openCalls = new LiveList<OpenCall>();

  constructor(options: HttpFrontOptions) {
    this.#options = options;
  }

  /** Answers one exchange; never throws. */
  handle(exchange: Exchange): void {
    const { access, sse } = this.#options;
    const decision = access.admit(exchange);
    if (decision !== undefined) return this.#whenKnown(exchange, decision, this.#serve);
    const ofSse = sse === undefined ? undefined : access.admit(exchange, ENDPOINT_OF_SSE);
    if (sse === undefined || ofSse === undefined) this.#probe(exchange);
    else this.#whenKnown(exchange, ofSse, sse.serve);
  }

  /** Goes on with what was found out about a request: at once, unless that takes time. */
  #whenKnown<Known>(
    exchange: Exchange,
    known: Known | Promise<Known>,
    serve: (exchange: Exchange, known: Known) => void,
  ): void {
    if (!(known instanceof Promise)) return serve(exchange, known);
    // guard: request/body-while-waiting
    known.then((later) => serve(exchange, later)).catch((error: unknown) => this.#failed(exchange, error));
  }

  readonly #serve = (exchange: Exchange, decision: EndpointDecision): void => {
    if (decision.kind === 'refused') return refuse(exchange, decision.error, 'null', decision.headers);
    const { principal, endpoint } = decision;
    switch (exchange.method) {
      case 'POST':
        return this.#post(exchange, principal, endpoint);
      case 'GET':
        return this.#get(exchange, principal, endpoint);
      case 'DELETE':
        return this.#delete(exchange, principal, endpoint);
      default:
        return refuse(
          exchange,
          new GatewayError('OMNI_METHOD_NOT_ALLOWED', 'MCP messages are sent by POST'),
          'null',
          ['Allow', 'POST, GET, DELETE'],
        );
    }
  };

  /** Cancels the modern requests that still run and answers them with this. */
  stop(reason: GatewayError): void {
    for (const { reply, running } of this.#openCalls.items()) {
      running.cancel(reason.message);
      reply.settle({ kind: 'error', error: reason });
    }
  }

  #probe(exchange: Exchange): void {
    const { access, probes } = this.#options;
    const forStrangers = probes.answer(exchange.path, false);
    // Whoever asks for what is not there is not asked who it is.
    if (forStrangers === undefined)
      return refuse(exchange, new GatewayError('OMNI_PATH_UNKNOWN', 'Nothing is served at this path'));
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
      return refuse(
        exchange,
        new GatewayError('OMNI_METHOD_NOT_ALLOWED', 'This path is read by GET'),
        'null',
        ['Allow', 'GET, HEAD'],
      );
    }
    // A page is for everybody: an authentication that fails takes nothing from it but the details.
    this.#whenKnown(exchange, access.identify(exchange), (_, known) => {
      const isTrusted = /* guard: endpoint/health-details */ !('error' in known);
      const { status, contentType, body } = probes.answer(exchange.path, isTrusted) ?? forStrangers;
      exchange.respond(
        status,
        ['Content-Type', contentType, 'Cache-Control', 'no-store'],
        exchange.method === 'HEAD' ? undefined : body,
      );
    });
  }

  #post(exchange: Exchange, principal: Principal, endpoint: Endpoint): void {
    const refused = this.#headers.post(exchange);
    if (refused !== undefined) return refuse(exchange, refused);
    exchange.readBody(/* guard: request/body-limit */ this.#options.limits.maxBodyBytes).then(
      (bytes) => {
        try {
          this.#body(exchange, principal, endpoint, bytes);
        } catch (error) {
          this.#failed(exchange, error);
        }
      },
      (error: unknown) => refuse(exchange, GatewayError.from(error)),
    );
  }

  #body(exchange: Exchange, principal: Principal, endpoint: Endpoint, bytes: Uint8Array): void {
    const text = bodyText(bytes);
    if (text instanceof GatewayError) return refuse(exchange, text);
    const parsed = parseMessage(text, this.#options.limits);
    if (parsed.kind === 'rejected') return refuse(exchange, parsed.error, parsed.id);
    if (parsed.kind === 'batch') return this.#legacy(exchange, principal, endpoint, parsed);
    const message = withTraceContext(parsed, (name) => exchange.header(name), this.#options.limits);
    if (claimsModernEnvelope(message)) return this.#modern(exchange, principal, endpoint, message);
    const version = exchange.header('mcp-protocol-version');
    if (version !== undefined && !LEGACY_VERSIONS.includes(version))
      return this.#modernByHeader(exchange, principal, endpoint, message, version);
    if (version === undefined && exchange.header('mcp-method') !== undefined)
      return this.#modern(exchange, principal, endpoint, message);
    this.#legacy(exchange, principal, endpoint, message);
  }

  #modernByHeader(
    exchange: Exchange,
    principal: Principal,
    endpoint: Endpoint,
    message: RpcMessage,
    version: string,
  ): void {
    if (isModernVersion(version)) return this.#modern(exchange, principal, endpoint, message);
    const error = new GatewayError(
      'OMNI_VERSION_UNSUPPORTED',
      'MCP-Protocol-Version names a version that is not supported',
      {
        data: {
          supported: SUPPORTED_VERSIONS,
          requested: version
            // guard: request/version-in-error
            .slice(0, 64),
        },
      },
    );
    refuse(exchange, error, message.kind === 'request' ? message.id : 'null');
  }

  #modern(exchange: Exchange, principal: Principal, endpoint: Endpoint, message: RpcMessage): void {
    if (message.kind === 'response')
      return refuse(
        exchange,
        new GatewayError('OMNI_MESSAGE_INVALID', 'Clients of this era send no responses'),
      );
    if (message.kind === 'notification') return exchange.respond(202, []);
    const envelope = readEnvelope(message, exchange.header('mcp-protocol-version'));
    if (envelope instanceof GatewayError) return refuse(exchange, envelope, message.id);
    const mismatch = checkMirroredHeaders(message, (name) => exchange.header(name));
    if (mismatch !== undefined) return refuse(exchange, mismatch, message.id);
    const { admission, modern, ticker, requests } = this.#options;
    const isCounted = !isPersistent(message.method);
    const full = isCounted ? admission.acquire() : admission.closed;
    if (full !== undefined) return refuse(exchange, full, message.id);
    let isDone = false;
    let place: Place<OpenCall> | undefined = undefined;
    const onDone = (): void => {
      isDone = true;
      if (place !== undefined) this.#openCalls.remove(place);
      if (isCounted) admission.release();
    };
    const record = requests.begin(message, {
      principal: principal.id,
      sessionId: undefined,
      endpoint,
      exchange,
    });
    const reply: HttpReply = new HttpReply({
      exchange,
      id: message.id,
      era: 'modern',
      ticker,
      record,
      onDone,
    });
    const client = { principal, era: 'modern' as const, endpoint, session: undefined, ...envelope };
    const paramHeaders = message.method === 'tools/call' ? paramHeadersOf(exchange.headers) : [];
    const running = modern.serve(
      { message, client, paramHeaders, forwardable: this.#forwardable(exchange) },
      reply,
    );
    if (isDone) return;
    place = this.#openCalls.add({ reply, running });
    // Closing the response is how a client of this era cancels (MCP 2026-07-28, basic/transports, "Cancellation").
    exchange.onGone(() => {
      // guard: reply/cancel-when-gone
      running.cancel('the client closed the connection');
      reply.drop();
    });
  }

  #legacy(
    exchange: Exchange,
    principal: Principal,
    endpoint: Endpoint,
    message: RpcMessage | RpcBatch,
  ): void {
    if (message.kind === 'request' && message.method === 'initialize')
      return this.#initialize(exchange, principal, endpoint, message);
    const found = this.#session(exchange, principal, endpoint);
    const id = message.kind === 'request' ? message.id : 'null';
    if (found instanceof GatewayError) return refuse(exchange, found, id);
    if (message.kind === 'batch') return this.#batch(exchange, found, message);
    if (message.kind === 'notification') found.session.onClientNotification(message);
    else if (message.kind === 'response') found.session.onClientResponse(message);
    else return this.#request(exchange, found, message);
    exchange.respond(202, []);
  }

  #initialize(exchange: Exchange, principal: Principal, endpoint: Endpoint, message: RpcMessage): void {
    const invalid = checkInitialize(message) ?? this.#options.admission.acquire();
    if (invalid !== undefined) return refuse(exchange, invalid, message.id);
    this.#options.admission.release();
    const opened = this.#options.sessions.open(message, principal, endpoint);
    if (opened instanceof GatewayError) return refuse(exchange, opened, message.id);
    this.#options.logger.info(
      { sessionId: opened.session.key, scope: serverOf(endpoint), version: opened.session.version },
      'session opened',
    );
    exchange.respond(
      200,
      [...JSON_HEADERS, 'Mcp-Session-Id', opened.id],
      resultText(message.id, opened.session.initializeResult()),
    );
  }

  #request(exchange: Exchange, { session, events }: HttpSession, message: RpcMessage): void {
    const full = this.#options.admission.acquire();
    if (full !== undefined) return refuse(exchange, full, message.id);
    const reply = new HttpReply({
      exchange,
      id: message.id,
      era: 'legacy',
      ticker: this.#options.ticker,
      record: this.#options.requests.begin(message, { ...originOf(session), exchange }),
      events,
      ask: (
        request: RpcMessage,
        answer: AnswerServerRequest,
        send: (text: string) => boolean,
        signal: AbortSignal | undefined,
      ) => session.ask(request, answer, send, signal),
      onDone: this.#options.admission.release,
    });
    session.onRequest(message, reply, this.#forwardable(exchange));
    // A disconnect does not cancel in this era: the call runs on (MCP 2025-11-25, basic/transports).
    exchange.onGone(() => reply.onGone());
  }

  #batch(exchange: Exchange, found: HttpSession, batch: RpcBatch): void {
    const refused = checkBatch(batch.items, found.session);
    if (refused !== undefined) return refuse(exchange, refused);
    const { admission, limits, requests } = this.#options;
    runBatch(batch.items, {
      session: found.session,
      admission,
      limits,
      requests,
      header: (name) => exchange.header(name),
      forwardable: this.#forwardable(exchange),
      notify: (text) => void found.stream.sendNow(text),
      done: (answers) =>
        answers === '' ? exchange.respond(202, []) : exchange.respond(200, JSON_HEADERS, answers),
    });
  }

  /** Nothing is looked for unless a server wants it. */
  #forwardable(exchange: Exchange): HeaderList | undefined {
    const { forwardable } = this.#options;
    return forwardable.length === 0
      ? undefined
      : forwardableHeaders(forwardable, (name) => exchange.header(name));
  }

  #get(exchange: Exchange, principal: Principal, endpoint: Endpoint): void {
    if (exchange.header(SESSION_HEADER) === undefined) {
      return refuse(
        exchange,
        new GatewayError(
          'OMNI_METHOD_NOT_ALLOWED',
          'GET opens the stream of a legacy session and needs its Mcp-Session-Id',
        ),
        'null',
        ['Allow', 'POST'],
      );
    }
    if (!accepts(exchange.header('accept') ?? '', 'text/event-stream'))
      return refuse(exchange, new GatewayError('OMNI_NOT_ACCEPTABLE', 'Accept must allow text/event-stream'));
    const found = this.#session(exchange, principal, endpoint);
    if (found instanceof GatewayError) return refuse(exchange, found);
    const lastEventId = exchange.header('last-event-id') ?? '';
    const { sessions } = this.#options;
    const refused =
      lastEventId === '' ? sessions.listen(found, exchange) : sessions.resume(found, exchange, lastEventId);
    if (refused !== undefined)
      refuse(exchange, refused, 'null', refused.code === 'OMNI_STREAM_OVER' ? ['Allow', 'POST, DELETE'] : []);
  }

  #delete(exchange: Exchange, principal: Principal, endpoint: Endpoint): void {
    const found = this.#session(exchange, principal, endpoint);
    if (found instanceof GatewayError) return refuse(exchange, found);
    this.#options.sessions.end(found);
    this.#options.logger.info({ sessionId: found.session.key }, 'session ended by its client');
    exchange.respond(200, []);
  }

  #session(exchange: Exchange, principal: Principal, endpoint: Endpoint): HttpSession | GatewayError {
    const id = exchange.header(SESSION_HEADER);
    if (id === undefined || id === '')
      return new GatewayError('OMNI_SESSION_REQUIRED', 'Mcp-Session-Id is missing');
    return this.#options.sessions.find(id, principal, endpoint);
  }

  #failed(exchange: Exchange, error: unknown): void {
    this.#options.logger.error({ err: error }, 'a request failed inside Omni');
    refuse(exchange, GatewayError.from(error));
  }
}
