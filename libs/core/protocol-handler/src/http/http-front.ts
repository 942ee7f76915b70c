import { parseMessage, type RpcBatch, type RpcMessage } from '@omni/jsonrpc';
import {
  CLIENT_CLOSED,
  type ClientContext,
  type Dialects,
  type Endpoint,
  forwardableHeaders,
  NOTHING_RUNS,
  type RunningCall,
  serverOf,
  withTraceContext,
} from '@omni/model';
import { type Exchange, GatewayError, type HeaderList, type Logger, type Principal } from '@omni/ports';
import { bodyText } from './body-text.ts';
import type { FrontLimits, MemoryPressure } from '../collaborators.ts';
import { ENDPOINT_OF_SSE, type EndpointAccess, type EndpointDecision } from './endpoint-access.ts';
import { eraOf, SESSION_HEADER } from './era-of.ts';
import { accepts, HeaderCheck, paramHeadersOf } from './http-checks.ts';
import { HttpBatchTarget } from './http-batch-target.ts';
import { HttpWriter } from './http-writer.ts';
import { NO_OAUTH, OAUTH_PATH } from './no-oauth.ts';
import { openToPage } from './page-exchange.ts';
import { acknowledge, type Page, showPage } from './plain-answers.ts';
import type { SseFront } from './sse-front.ts';
import { checkBatch, runBatch } from '../legacy/batch.ts';
import { checkInitialize } from '../legacy/legacy-session.ts';
import type { HttpSession, LegacySessions } from '../legacy/legacy-sessions.ts';
import { checkMirroredHeaders, dialectOf, readEnvelope } from '../modern/modern-envelope.ts';
import type { ModernRequests } from '../modern/modern-requests.ts';
import { ClientRequest } from '../request/client-request.ts';
import { inCommonTerms } from '../request/dialect-terms.ts';
import type { FrontRequests } from '../request/front-requests.ts';
import { refuse } from '../request/refuse.ts';
import { RequestList } from '../request/request-list.ts';
import { unknownClient } from '../request/unknown-client.ts';
import type { StreamTicker } from '../streams/stream-ticker.ts';

/** Paths that are not MCP, such as health. */
export interface Probes {
  /** @returns What is there; `undefined` when nothing is. */
  find(path: string, query: string): OpenPage | undefined;
}

/**
 * What a page shows.
 *
 * @param principal - Who asks; `undefined` for those who do not show who they are.
 * @param isOpen - Whether everybody is this principal.
 * @returns Why there is none for this one, where it is an error.
 */
export type OpenPage = (
  principal: Principal | undefined,
  isOpen: boolean,
) => Page | GatewayError | Promise<Page | GatewayError>;

export interface HttpFrontOptions {
  readonly access: EndpointAccess;
  readonly probes: Probes;
  /** Absent where the transport of 2024-11-05 is switched off. */
  readonly sse?: SseFront | undefined;
  readonly modern: ModernRequests;
  readonly sessions: LegacySessions;
  readonly ticker: StreamTicker;
  readonly limits: FrontLimits;
  readonly dialects: Dialects;
  /** Names of headers that some server may be told, in lower case. */
  readonly forwardable: readonly string[];
  readonly requests: FrontRequests;
  readonly memory?: MemoryPressure | undefined;
  readonly logger: Logger;
}

const NO_HEADERS: HeaderList = [];

/**
 * The HTTP front: one URL for both eras, decided for each request by what it carries.
 *
 * @see PROTO-R01 to PROTO-R06; MCP 2026-07-28 and 2025-11-25, basic/transports.
 */
export class HttpFront {
  readonly #options: HttpFrontOptions;
  readonly #headers = new HeaderCheck();
  /** Modern requests under way. */
  readonly #modernRequests = { calls: new RequestList() };

  constructor(options: HttpFrontOptions) {
    this.#options = options;
  }

  /**
   * Answers one exchange; never throws.
   *
   * @param access - Who may use what. Default: as the front was told.
   */
  handle(received: Exchange, access: EndpointAccess = this.#options.access): void {
    const { sse, memory } = this.#options;
    const full = memory?.refusal('anything');
    if (full !== undefined && /* guard: memory/health */ !this.#isPage(received))
      return refuse(received, full);
    const exchange = openToPage(received, access.lists);
    if (exchange === undefined) return;
    const decision = access.admit(exchange);
    if (decision !== undefined) return this.#whenKnown(exchange, decision, this.#serve);
    const ofSse = sse === undefined ? undefined : access.admit(exchange, ENDPOINT_OF_SSE);
    if (sse === undefined || ofSse === undefined) this.#probe(exchange, access);
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
    exchange.belongsTo(principal);
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
    for (const request of this.#modernRequests.calls.items())
      request.cancel(reason.message, { kind: 'error', error: reason });
  }

  /** Whether it asks how Omni is, in one way or another. */
  #isPage({ path, query }: Exchange): boolean {
    return this.#options.probes.find(path, query) !== undefined;
  }

  #probe(exchange: Exchange, access: EndpointAccess): void {
    const { probes } = this.#options;
    const open = probes.find(exchange.path, exchange.query);
    // Whoever asks for what is not there is not asked who it is.
    if (open === undefined) {
      if (OAUTH_PATH.test(exchange.path)) return showPage(exchange, NO_OAUTH);
      return refuse(exchange, unknownPath(exchange));
    }
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
      return refuse(
        exchange,
        new GatewayError('OMNI_METHOD_NOT_ALLOWED', 'This path supports GET only'),
        'null',
        ['Allow', 'GET, HEAD'],
      );
    }
    // A page is for everybody: an authentication that fails takes nothing from it but the details.
    this.#whenKnown(exchange, access.identify(exchange), (_, known) => {
      const isStranger = /* guard: endpoint/health-details */ 'error' in known;
      const page = isStranger ? open(undefined, false) : open(known, access.isOpenTo(exchange));
      const challenge = isStranger && known.challenge !== undefined ? known.challenge : undefined;
      this.#whenKnown(exchange, page, (_exchange, opened) => {
        if (!(opened instanceof GatewayError)) return showPage(exchange, opened);
        const asks = opened.code === 'OMNI_AUTH_REQUIRED' && challenge !== undefined;
        refuse(exchange, opened, 'null', asks ? ['WWW-Authenticate', challenge] : NO_HEADERS);
      });
    });
  }

  #post(exchange: Exchange, principal: Principal, endpoint: Endpoint): void {
    const refused =
      this.#headers.post(exchange) ??
      /* guard: memory/before-reading */ this.#options.memory?.refusal('request');
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
    const era = eraOf(message, (name) => exchange.header(name), this.#options.dialects);
    if (era === 'legacy') this.#legacy(exchange, principal, endpoint, message);
    else if (era === 'modern') this.#modern(exchange, principal, endpoint, message);
    else this.#refuse(exchange, message, unknownClient(principal, endpoint, 'modern'), era);
  }

  #modern(exchange: Exchange, principal: Principal, endpoint: Endpoint, message: RpcMessage): void {
    if (message.kind === 'response')
      return refuse(
        exchange,
        new GatewayError('OMNI_MESSAGE_INVALID', 'Clients of this era send no responses'),
      );
    if (message.kind === 'notification') return acknowledge(exchange);
    const { dialects } = this.#options;
    const envelope = readEnvelope(message, dialects, exchange.header('mcp-protocol-version'));
    if (envelope instanceof GatewayError)
      return this.#refuse(exchange, message, unknownClient(principal, endpoint, 'modern'), envelope);
    const { modern, requests, ticker } = this.#options;
    const writer = new HttpWriter(exchange, ticker);
    const dialect = dialectOf(message, dialects);
    const request = new ClientRequest(requests, {
      message: dialect === undefined ? message : inCommonTerms(message),
      client: { principal, era: 'modern' as const, endpoint, session: undefined, ...envelope },
      writer,
      dialect,
      owner: this.#modernRequests,
      headers: exchange,
      paramHeaders: message.method === 'tools/call' ? paramHeadersOf(exchange.headers) : NO_HEADERS,
      forwardable: this.#forwardable(exchange),
    });
    const mismatch = checkMirroredHeaders(message, (name) => exchange.header(name), dialect);
    if (mismatch !== undefined) return request.refuse(mismatch);
    request.start(modern);
    if (request.isSettled) return;
    // Closing the response is how a client of this era cancels (MCP 2026-07-28, basic/transports,
    // "Cancellation").
    exchange.onGone(() => {
      writer.onGone();
      // guard: reply/cancel-when-gone
      request.cancel(CLIENT_CLOSED);
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
    if (found instanceof GatewayError)
      return this.#refuse(exchange, message, unknownClient(principal, endpoint, 'legacy'), found);
    if (message.kind === 'batch') return this.#batch(exchange, found, message);
    if (message.kind === 'notification') found.session.onClientNotification(message);
    else if (message.kind === 'response') found.session.onClientResponse(message);
    else return this.#request(exchange, found, message);
    acknowledge(exchange);
  }

  #initialize(exchange: Exchange, principal: Principal, endpoint: Endpoint, message: RpcMessage): void {
    const { requests, ticker } = this.#options;
    const writer = new HttpWriter(exchange, ticker);
    const client = unknownClient(principal, endpoint, 'legacy');
    const request = new ClientRequest(requests, { message, client, writer, headers: exchange });
    const invalid = checkInitialize(message);
    if (invalid !== undefined) return request.refuse(invalid);
    request.start({ serve: () => this.#open(request, writer) });
  }

  #open(request: ClientRequest, writer: HttpWriter): RunningCall {
    const { sessions, logger } = this.#options;
    const { principal, endpoint } = request.client;
    const opened = sessions.open(request.message, principal, endpoint);
    if (opened instanceof GatewayError) request.refuse(opened);
    else {
      const { key, version } = opened.session;
      logger.info({ sessionId: key, scope: serverOf(endpoint), version }, 'session opened');
      writer.extraHeaders = ['Mcp-Session-Id', opened.id];
      request.result(opened.session.initializeResult());
    }
    return NOTHING_RUNS;
  }

  #request(exchange: Exchange, { session, events }: HttpSession, message: RpcMessage): void {
    const { requests, ticker } = this.#options;
    const writer = new HttpWriter(exchange, ticker, events);
    const request = new ClientRequest(requests, {
      message,
      client: session.client,
      writer,
      owner: session,
      headers: exchange,
      forwardable: this.#forwardable(exchange),
    });
    request.start(session);
    // A disconnect does not cancel in this era: the call runs on (MCP 2025-11-25, basic/transports).
    if (!request.isSettled) exchange.onGone(() => writer.onGone());
  }

  #batch(exchange: Exchange, { session, events, standalone }: HttpSession, batch: RpcBatch): void {
    const refused = checkBatch(batch.items, session);
    if (refused !== undefined) return refuse(exchange, refused);
    const { limits, requests, ticker } = this.#options;
    runBatch(batch.items, {
      session,
      requests,
      limits,
      target: new HttpBatchTarget(exchange, new HttpWriter(exchange, ticker, events)),
      outlet: standalone,
      header: (name) => exchange.header(name),
      forwardable: this.#forwardable(exchange),
    });
  }

  /** Refuses what has been read: a request ends so as any other does. */
  #refuse(
    exchange: Exchange,
    message: RpcMessage | RpcBatch,
    client: ClientContext,
    error: GatewayError,
  ): void {
    if (message.kind !== 'request') return refuse(exchange, error);
    const { requests, ticker } = this.#options;
    const writer = new HttpWriter(exchange, ticker);
    new ClientRequest(requests, { message, client, writer, headers: exchange }).refuse(error);
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
    if (!accepts(exchange.header('accept'), 'text/event-stream'))
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
    acknowledge(exchange, 200);
  }

  #session(exchange: Exchange, principal: Principal, endpoint: Endpoint): HttpSession | GatewayError {
    const id = exchange.header(SESSION_HEADER);
    if (id === undefined || id === '')
      return new GatewayError(
        'OMNI_SESSION_REQUIRED',
        'Mcp-Session-Id is missing, and _meta names no revision that has no sessions',
      );
    return this.#options.sessions.find(id, principal, endpoint);
  }

  #failed(exchange: Exchange, error: unknown): void {
    this.#options.logger.error({ err: error }, 'a request failed inside Omni');
    refuse(exchange, GatewayError.from(error));
  }
}

function unknownPath({ basePath = '' }: Exchange): GatewayError {
  const hint = `MCP is at ${basePath}/mcp and ${basePath}/mcp/{server}, health at ${basePath}/health/live and ${basePath}/health/ready.`;
  return new GatewayError('OMNI_PATH_UNKNOWN', 'Nothing is served at this path', { hint });
}
