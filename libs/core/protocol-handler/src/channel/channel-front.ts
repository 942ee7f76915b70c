import {
  errorText,
  memberOf,
  parseMessage,
  rawOf,
  resultText,
  type RpcBatch,
  type RpcMessage,
  type RpcRejection,
  stringMember,
} from '@omni/jsonrpc';
import type { Endpoint, RunningCall } from '@omni/model';
import {
  type FramingError,
  GatewayError,
  type HeaderList,
  type Logger,
  type MessageChannel,
  type OpenChannel,
  type Principal,
} from '@omni/ports';
import type { Admission } from '../admission.ts';
import { checkBatch, runBatch } from '../legacy/batch.ts';
import { ChannelReply } from './channel-reply.ts';
import type { FrontLimits } from '../collaborators.ts';
import { checkInitialize, LegacySession, type SessionDependencies } from '../legacy/legacy-session.ts';
import { claimsModernEnvelope, readEnvelope } from '../modern/modern-envelope.ts';
import { isPersistent, type ModernRequests } from '../modern/modern-requests.ts';
import { originOf, type RequestLog } from '../request-log.ts';
import type { PostListener } from '../http/sse-connection.ts';

export interface ChannelFrontOptions {
  readonly modern: ModernRequests;
  readonly dependencies: SessionDependencies;
  readonly admission: Admission;
  readonly limits: FrontLimits;
  readonly requests: RequestLog;
  readonly logger: Logger;
  readonly principal: Principal;
  readonly endpoint: Endpoint;
  /** Unique among all connections; becomes the key of a legacy session. */
  readonly key: string;
  /** Whether the client still reads after its side has ended, as at the end of a pipe: running requests are answered then. */
  readonly answersAfterEnd: boolean;
}

/** A modern request under way. */
interface OpenCall {
  readonly reply: ChannelReply;
  readonly running: RunningCall;
}

const LINE_BREAKS = /[\r\n]+/g;

/**
 * One client on a channel that carries everything: stdio, a socket, a pair in memory. Both eras, decided for each message.
 *
 * @see MCP 2026-07-28, basic/transports, "stdio"; protocol.md R8.
 */
export class ChannelFront implements PostListener {
  readonly #options: ChannelFrontOptions;
  readonly #channel: MessageChannel;
  readonly #modernInFlight = new Map<string, OpenCall>();
  readonly #onClosed: () => void;
  #session: LegacySession | undefined;
  #isClosing = false;

  constructor(options: ChannelFrontOptions, open: OpenChannel, onClosed: () => void) {
    this.#options = options;
    this.#onClosed = onClosed;
    this.#channel = open(this);
  }

  onMessage(text: string, forwardable?: HeaderList): void {
    // A channel may still hand out what came in one chunk with the message that ended it; nobody would end what that began.
    // guard: channel/given-up
    if (this.#isClosing) return;
    const message = parseMessage(text, this.#options.limits);
    try {
      this.#dispatch(message, forwardable);
    } catch (error) {
      this.#options.logger.error({ err: error }, 'a message failed inside Omni');
      if (message.kind === 'request') this.#send(errorText(message.id, GatewayError.from(error)));
    }
  }

  onFramingError({ kind }: FramingError): void {
    if (!this.#isClosing) this.#send(errorText('null', framingErrorOf(kind)));
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
    this.#session?.end(reason);
    for (const { reply, running } of [...this.#modernInFlight.values()]) {
      running.cancel('the connection was closed');
      if (reason === undefined) reply.abandon();
      else reply.settle({ kind: 'error', error: reason });
    }
  }

  #dispatch(message: RpcMessage | RpcBatch | RpcRejection, forwardable: HeaderList | undefined): void {
    if (message.kind === 'rejected') return this.#send(errorText(message.id, message.error));
    if (message.kind === 'batch') return this.#batch(message, forwardable);
    if (message.kind === 'response') return void this.#session?.onClientResponse(message);
    if (message.kind === 'notification') return this.#notification(message);
    if (claimsModernEnvelope(message)) return this.#modern(message, forwardable);
    if (message.method === 'initialize' && this.#session === undefined) return this.#initialize(message);
    const session = this.#session;
    if (session !== undefined) return this.#request(session, message, forwardable);
    if (message.method === 'ping') return this.#send(resultText(message.id, '{}'));
    const error =
      message.method === 'server/discover'
        ? readEnvelope(message)
        : new GatewayError(
            'OMNI_SESSION_NOT_INITIALIZED',
            'The first request must be initialize or server/discover',
          );
    if (error instanceof GatewayError) this.#send(errorText(message.id, error));
  }

  #initialize(message: RpcMessage): void {
    const invalid = checkInitialize(message);
    if (invalid !== undefined) return this.#send(errorText(message.id, invalid));
    const { dependencies, principal, endpoint, key } = this.#options;
    this.#session = new LegacySession(message, {
      dependencies,
      key,
      principal,
      endpoint,
      send: (text) => this.#send(text),
      sendServerRequest: (text) => {
        this.#send(text);
        return true;
      },
    });
    this.#send(resultText(message.id, this.#session.initializeResult()));
  }

  #request(session: LegacySession, message: RpcMessage, forwardable: HeaderList | undefined): void {
    const full = this.#options.admission.acquire();
    if (full !== undefined) return this.#send(errorText(message.id, full));
    const reply = new ChannelReply({
      id: message.id,
      record: this.#options.requests.begin(message, originOf(session)),
      send: (text) => this.#send(text),
      ask: (request, answer, signal) => {
        const send = (text: string): boolean => {
          this.#send(text);
          return true;
        };
        session.ask(request, answer, send, signal);
      },
      onDone: this.#options.admission.release,
    });
    session.onRequest(message, reply, forwardable);
  }

  #modern(message: RpcMessage, forwardable: HeaderList | undefined): void {
    const envelope = readEnvelope(message);
    if (envelope instanceof GatewayError) return this.#send(errorText(message.id, envelope));
    // guard: channel/id-in-use
    if (this.#modernInFlight.has(message.id)) {
      return this.#send(
        errorText(
          message.id,
          new GatewayError(
            'OMNI_REQUEST_ID_IN_USE',
            'A request with this id is still running on this connection',
          ),
        ),
      );
    }
    const { principal, endpoint, admission, modern, requests } = this.#options;
    const { id } = message;
    const isCounted = !isPersistent(message.method);
    const full = isCounted ? admission.acquire() : admission.closed;
    if (full !== undefined) return this.#send(errorText(id, full));
    let isDone = false;
    const reply = new ChannelReply({
      id,
      record: requests.begin(message, { principal: principal.id, sessionId: undefined, endpoint }),
      send: (text) => this.#send(text),
      onDone: () => {
        isDone = true;
        this.#modernInFlight.delete(id);
        if (isCounted) admission.release();
      },
    });
    const client = { principal, era: 'modern' as const, endpoint, session: undefined, ...envelope };
    const running = modern.serve({ message, client, paramHeaders: undefined, forwardable }, reply);
    if (!isDone) this.#modernInFlight.set(id, { reply, running });
  }

  #notification(message: RpcMessage): void {
    if (message.method === 'notifications/cancelled') {
      const id = rawOf(message, memberOf(message.params, 'requestId'));
      const call = id === undefined ? undefined : this.#modernInFlight.get(id);
      if (call !== undefined) {
        call.running.cancel(stringMember(message.text, message.params, 'reason'));
        return call.reply.abandon();
      }
    }
    this.#session?.onClientNotification(message);
  }

  #batch(batch: RpcBatch, forwardable: HeaderList | undefined): void {
    const session = this.#session;
    const refused = checkBatch(batch.items, session);
    if (refused !== undefined || session === undefined) {
      return this.#send(
        errorText(
          'null',
          refused ?? new GatewayError('OMNI_SESSION_NOT_INITIALIZED', 'A batch needs a session'),
        ),
      );
    }
    const { admission, limits, requests } = this.#options;
    runBatch(batch.items, {
      session,
      admission,
      limits,
      requests,
      forwardable,
      notify: (text) => this.#send(text),
      done: (answers) => {
        if (answers !== '') this.#send(answers);
      },
    });
  }

  #send(text: string): void {
    // Line breaks in JSON stand between tokens only; the framing needs one line.
    // guard: channel/one-line
    const line = text.includes('\n') || text.includes('\r') ? text.replace(LINE_BREAKS, ' ') : text;
    // guard: channel/slow-reader
    if (this.#channel.send(line)) return;
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#options.logger.warn(
      { sessionId: this.#options.key },
      'a client does not read its messages; its connection is closed',
    );
    void this.close();
  }
}

function framingErrorOf(kind: FramingError['kind']): GatewayError {
  switch (kind) {
    case 'oversize':
      return new GatewayError('OMNI_BODY_TOO_LARGE', 'A message exceeds the limit (limits.maxBodyBytes)');
    case 'no-room':
      return new GatewayError(
        'OMNI_OVERLOADED',
        'Clients are sending more at once than Omni may hold (limits.maxUnfinishedBytes)',
      );
    case 'not-utf8':
      return new GatewayError('OMNI_JSON_INVALID', 'A message is not valid UTF-8');
  }
}
