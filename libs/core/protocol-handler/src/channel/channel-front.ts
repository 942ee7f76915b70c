import {
  memberOf,
  parseMessage,
  rawOf,
  type RpcBatch,
  type RpcMessage,
  type RpcRejection,
  stringMember,
} from '@omni/jsonrpc';
import {
  type ClientContext,
  CONNECTION_CLOSED,
  type Dialect,
  type Dialects,
  type Endpoint,
  NOTHING_RUNS,
  type Outcome,
  type RunningCall,
} from '@omni/model';
import {
  type FramingError,
  GatewayError,
  type HeaderList,
  type Logger,
  type MessageChannel,
  type OpenChannel,
  type Principal,
} from '@omni/ports';
import { ChannelWriter } from './channel-writer.ts';
import type { FrontLimits } from '../collaborators.ts';
import type { PostListener } from '../http/sse-connection.ts';
import { checkBatch, runBatch } from '../legacy/batch.ts';
import { checkInitialize, LegacySession, type SessionDependencies } from '../legacy/legacy-session.ts';
import { claimsModernEnvelope, dialectOf, readEnvelope } from '../modern/modern-envelope.ts';
import type { ModernRequests } from '../modern/modern-requests.ts';
import { ClientRequest, type RequestOwner } from '../request/client-request.ts';
import { inCommonTerms } from '../request/dialect-terms.ts';
import type { FrontRequests } from '../request/front-requests.ts';
import { refuseMessage } from '../request/refuse.ts';
import { RequestsById } from '../request/requests-by-id.ts';
import { unservedBy } from '../request/unserved-endpoint.ts';
import { unknownClient } from '../request/unknown-client.ts';

export interface ChannelFrontOptions {
  readonly modern: ModernRequests;
  readonly dependencies: SessionDependencies;
  readonly limits: FrontLimits;
  readonly dialects: Dialects;
  readonly requests: FrontRequests;
  readonly logger: Logger;
  readonly principal: Principal;
  readonly endpoint: Endpoint;
  /** Unique among all connections; becomes the key of a legacy session. */
  readonly key: string;
  /**
   * Whether the client still reads after its side has ended, as at the end of a pipe: running requests are
   * answered then.
   */
  readonly answersAfterEnd: boolean;
}

/**
 * One client on a channel that carries everything: stdio, a socket, a pair in memory. Both eras, decided for
 * each message.
 *
 * @see MCP 2026-07-28, basic/transports, "stdio"; PROTO-R08.
 */
export class ChannelFront implements PostListener {
  readonly #options: ChannelFrontOptions;
  readonly #channel: MessageChannel;
  readonly #writer: ChannelWriter;
  /** Modern requests under way. */
  readonly #modernRequests = { calls: new RequestsById({ where: 'on this connection' }) };
  readonly #onClosed: () => void;
  #session: LegacySession | undefined;
  #lastHeardMs: number;
  #isClosing = false;

  constructor(options: ChannelFrontOptions, open: OpenChannel, onClosed: () => void) {
    this.#options = options;
    this.#onClosed = onClosed;
    this.#lastHeardMs = options.dependencies.ticker.nowMs();
    this.#channel = open(this);
    this.#writer = new ChannelWriter(this.#channel, (why) => this.#giveUp(why));
  }

  /** See `Connection`. */
  get idleSinceMs(): number | undefined {
    const isIdle = this.#session === undefined && this.#modernRequests.calls.size === 0;
    return isIdle ? this.#lastHeardMs : undefined;
  }

  onMessage(text: string, forwardable?: HeaderList): void {
    // A channel may still hand out what came in one chunk with the message that ended it; nobody would end
    // what that began.
    // guard: channel/given-up
    if (this.#isClosing) return;
    this.#lastHeardMs = this.#options.dependencies.ticker.nowMs();
    const message = parseMessage(text, this.#options.limits);
    try {
      this.#dispatch(message, forwardable);
    } catch (error) {
      if (message.kind === 'request') this.#requestOf(message).fail(GatewayError.from(error));
      else this.#options.logger.error({ err: error }, 'a message failed inside Omni');
    }
  }

  onFramingError({ kind }: FramingError): void {
    if (!this.#isClosing) refuseMessage(this.#writer, framingErrorOf(kind));
  }

  onClose(reason: GatewayError | undefined): void {
    // guard: channel/gone
    if (!this.#options.answersAfterEnd || reason !== undefined) {
      this.#isClosing = true;
      this.#end();
    } else this.#session?.endServerRequests();
    this.#onClosed();
  }

  /**
   * Closes the connection from our side.
   *
   * @param reason - What running requests are answered with; without it they get no answer.
   */
  async close(reason?: GatewayError): Promise<void> {
    this.#end(reason);
    this.#isClosing = true;
    await this.#channel.close();
  }

  #end(reason?: GatewayError): void {
    this.#session?.end(reason, CONNECTION_CLOSED);
    const outcome: Outcome | undefined = reason === undefined ? undefined : { kind: 'error', error: reason };
    for (const request of this.#modernRequests.calls.items()) request.cancel(CONNECTION_CLOSED, outcome);
  }

  #dispatch(message: RpcMessage | RpcBatch | RpcRejection, forwardable: HeaderList | undefined): void {
    switch (message.kind) {
      case 'rejected':
        return refuseMessage(this.#writer, message.error, message.id);
      case 'batch':
        return this.#batch(message, forwardable);
      case 'response':
        return void this.#session?.onClientResponse(message);
      case 'notification':
        return this.#notification(message);
      case 'request':
        if (claimsModernEnvelope(message)) return this.#modern(message, forwardable);
        if (this.#session === undefined) return this.#beforeSession(message);
        return this.#requestOf(message, this.#session.client, this.#session, forwardable).start(
          this.#session,
        );
    }
  }

  #beforeSession(message: RpcMessage): void {
    const request = this.#requestOf(message);
    switch (message.method) {
      case 'initialize': {
        const invalid = checkInitialize(message);
        if (invalid !== undefined) return request.refuse(invalid);
        return request.start({ serve: () => this.#initialize(request) });
      }
      case 'ping':
        return request.start({
          serve: () => {
            request.result('{}');
            return NOTHING_RUNS;
          },
        });
      default: {
        // What claims no envelope may still be of the modern era: it is told what is missing.
        const envelope =
          message.method === 'server/discover' ? readEnvelope(message, this.#options.dialects) : undefined;
        request.refuse(
          envelope instanceof GatewayError
            ? envelope
            : new GatewayError(
                'OMNI_SESSION_NOT_INITIALIZED',
                'The first request must be initialize or server/discover',
              ),
        );
      }
    }
  }

  #initialize(request: ClientRequest): RunningCall {
    const { dependencies, principal, endpoint, key } = this.#options;
    const unserved = unservedBy(dependencies.views, endpoint);
    if (unserved !== undefined) {
      request.fail(unserved);
      return NOTHING_RUNS;
    }
    this.#session = new LegacySession(request.message, {
      dependencies,
      key,
      principal,
      endpoint,
      outlet: this.#writer,
    });
    request.result(this.#session.initializeResult());
    return NOTHING_RUNS;
  }

  #modern(message: RpcMessage, forwardable: HeaderList | undefined): void {
    const { principal, endpoint, modern, dialects } = this.#options;
    const envelope = readEnvelope(message, dialects);
    if (envelope instanceof GatewayError)
      return this.#requestOf(message, unknownClient(principal, endpoint, 'modern')).refuse(envelope);
    const client = { principal, era: 'modern' as const, endpoint, session: undefined, ...envelope };
    const dialect = dialectOf(message, dialects);
    if (dialect === undefined)
      return this.#requestOf(message, client, this.#modernRequests, forwardable).start(modern);
    this.#requestOf(inCommonTerms(message), client, this.#modernRequests, forwardable, dialect).start(modern);
  }

  /** @param client - Default: one that has no session yet. */
  #requestOf(
    message: RpcMessage,
    client?: ClientContext,
    owner?: RequestOwner,
    forwardable?: HeaderList,
    dialect?: Dialect,
  ): ClientRequest {
    const { requests, principal, endpoint } = this.#options;
    return new ClientRequest(requests, {
      message,
      client: client ?? unknownClient(principal, endpoint, 'legacy'),
      writer: this.#writer,
      dialect,
      owner,
      forwardable,
    });
  }

  #notification(message: RpcMessage): void {
    if (message.method === 'notifications/cancelled') {
      const id = rawOf(message, memberOf(message.params, 'requestId'));
      const requests = this.#modernRequests.calls.of(id ?? '');
      for (const request of requests) request.cancel(stringMember(message.text, message.params, 'reason'));
      if (requests.length > 0) return;
    }
    this.#session?.onClientNotification(message);
  }

  #batch(batch: RpcBatch, forwardable: HeaderList | undefined): void {
    const session = this.#session;
    const refused = checkBatch(batch.items, session);
    if (refused !== undefined || session === undefined)
      return refuseMessage(
        this.#writer,
        refused ?? new GatewayError('OMNI_SESSION_NOT_INITIALIZED', 'A batch needs a session'),
      );
    const { limits, requests } = this.#options;
    runBatch(batch.items, {
      session,
      requests,
      limits,
      target: this.#writer,
      outlet: this.#writer,
      forwardable,
    });
  }

  #giveUp(why: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { logger, key } = this.#options;
    logger.warn({ sessionId: key }, why);
    this.close().catch((error: unknown) =>
      logger.warn({ sessionId: key, err: error }, 'a connection could not be closed'),
    );
  }
}

function framingErrorOf(kind: FramingError['kind']): GatewayError {
  switch (kind) {
    case 'oversize':
      return new GatewayError('OMNI_BODY_TOO_LARGE', 'A message exceeds the limit (limits.maxBodyBytes)');
    case 'no-room':
      return new GatewayError(
        'OMNI_OVERLOADED',
        'Clients are sending more than Omni can buffer (limits.maxUnfinishedBytes)',
      );
    case 'not-utf8':
      return new GatewayError('OMNI_JSON_INVALID', 'A message is not valid UTF-8');
  }
}
