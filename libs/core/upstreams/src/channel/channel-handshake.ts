import {
  errorText,
  notificationText,
  parseMessage,
  requestText,
  resultText,
  type RpcMessage,
} from '@omni/jsonrpc';
import type { Dialect } from '@omni/model';
import {
  type CancelTimer,
  type CredentialValues,
  type Era,
  type FramingError,
  GatewayError,
} from '@omni/ports';
import { ChannelConnection } from './channel-connection.ts';
import {
  handshakeTimeout,
  incompatibleError,
  negotiatedVersion,
  refusalError,
} from '../connection/handshake-error.ts';
import { initializeParams, modernParams, probeVerdict } from '../connection/mcp-revision.ts';
import type { Departures } from '../lifecycle/departures.ts';
import type { HeadedChannel, HeadedListener, OpenHeadedChannel } from './headed-channel.ts';
import { type HandshakeOutcome, PROBE_MS } from '../connection/handshake-outcome.ts';
import type { EraPlan } from '../connection/era-memory.ts';
import { ownId } from '../connection/mcp-notification.ts';
import type { ConnectionOptions } from '../connection/open-connection.ts';
import { UPSTREAM_JSON_LIMITS } from '../connection/upstream-limits.ts';

/** Nobody was there to be asked. */
const NOT_STARTED: ReadonlySet<string> = new Set([
  'OMNI_UPSTREAM_SPAWN_FAILED',
  'OMNI_UPSTREAM_NO_RESOURCES',
]);

export interface ChannelHandshakeOptions extends ConnectionOptions {
  readonly open: OpenHeadedChannel;
  readonly plan: EraPlan;
  /** See {@link OpenConnection.boundTo}. */
  readonly boundTo: CredentialValues | undefined;
  /** Told of a channel that leads to no connection. */
  readonly departures?: Departures | undefined;
}

/**
 * Opens a channel and the conversation on it.
 *
 * @returns Gives up: closes the channel, and `done` is not called.
 * @see MCP 2026-07-28, basic/versioning, "Era detection".
 */
export function handshakeOnChannel(
  options: ChannelHandshakeOptions,
  done: (outcome: HandshakeOutcome) => void,
): () => void {
  const handshake = new ChannelHandshake(options, done);
  handshake.begin();
  return () => handshake.abort();
}

type ServerRequest = 'server/discover' | 'initialize';

/**
 * Listens on the channel for as long as it lives: during the handshake by itself, then for the connection.
 */
class ChannelHandshake implements HeadedListener {
  readonly #options: ChannelHandshakeOptions;
  readonly #done: (outcome: HandshakeOutcome) => void;
  #channel: HeadedChannel | undefined;
  #cancelTimer: CancelTimer | undefined;
  #connection: ChannelConnection | undefined;
  #serverRequest: ServerRequest;
  #nextId = 1;
  #mayFallBack: boolean;
  #isOver = false;
  /** What the upstream has said that it speaks. */
  #dialect: Dialect | undefined;

  constructor(options: ChannelHandshakeOptions, done: (outcome: HandshakeOutcome) => void) {
    this.#options = options;
    this.#done = done;
    this.#serverRequest =
      options.plan === 'probe' || options.plan === 'modern' ? 'server/discover' : 'initialize';
    this.#mayFallBack = options.plan === 'probe' || options.plan === 'legacy-first';
  }

  begin(): void {
    try {
      this.#channel = this.#options.open(this);
    } catch (error) {
      const failure =
        error instanceof GatewayError
          ? error
          : new GatewayError(
              'OMNI_UPSTREAM_UNREACHABLE',
              `"${this.#options.spec.name}" could not be opened`,
              { cause: error, data: { phase: 'connect' } },
            );
      // Whoever began this has its handle before it fails.
      return queueMicrotask(() => this.#fail(failure));
    }
    this.#ask(this.#serverRequest);
  }

  abort(): void {
    this.#isOver = true;
    this.#cancelTimer?.();
    this.#closeChannel();
  }

  onMessage(text: string): void {
    if (this.#connection !== undefined) return this.#connection.onMessage(text);
    if (this.#isOver) return;
    const message = parseMessage(text, UPSTREAM_JSON_LIMITS);
    if (message.kind === 'response') return this.#onAnswer(message);
    if (message.kind !== 'request') return;
    // Before the handshake nothing but ping may be asked.
    const notYet = new GatewayError('OMNI_METHOD_UNKNOWN', 'Only ping may be sent before the handshake');
    this.#channel?.send(
      /* guard: handshake/request */ message.method === 'ping'
        ? resultText(message.id, '{}')
        : errorText(message.id, notYet),
    );
  }

  onRefused(id: string, error: GatewayError): void {
    if (this.#connection !== undefined) this.#connection.onRefused(id, error);
    else this.onMessage(errorText(id, error));
  }

  onFramingError(problem: FramingError): void {
    this.#connection?.onFramingError(problem);
  }

  onClose(reason: GatewayError | undefined): void {
    if (this.#connection !== undefined) return this.#connection.onClose(reason);
    const neverOpened =
      (reason !== undefined && NOT_STARTED.has(reason.code)) || reason?.data?.['phase'] === 'connect';
    if (this.#isProbing() && !neverOpened) return this.#finish({ kind: 'silent' });
    this.#fail(
      reason ??
        new GatewayError(
          'OMNI_UPSTREAM_EXITED',
          `"${this.#options.spec.name}" closed its connection during ${this.#serverRequest}`,
        ),
    );
  }

  /** Whether the first question of a probe is open. */
  #isProbing(): boolean {
    return this.#options.plan === 'probe' && this.#serverRequest === 'server/discover';
  }

  #ask(serverRequest: ServerRequest): void {
    const { spec, context, binding } = this.#options;
    this.#serverRequest = serverRequest;
    this.#cancelTimer?.();
    const params =
      serverRequest === 'initialize'
        ? initializeParams(context.identity, binding, spec.roots)
        : modernParams(context.identity, '', this.#dialect?.version);
    const isProbing = this.#isProbing();
    this.#cancelTimer = context.clock.after(
      isProbing ? Math.min(PROBE_MS, spec.connectTimeoutMs) : spec.connectTimeoutMs,
      () => {
        if (isProbing) this.#finish({ kind: 'silent' });
        else /* guard: handshake/silent */ this.#fail(handshakeTimeout(spec, serverRequest));
      },
    );
    // A channel that does not take the question is closed, or times out.
    this.#channel?.send(requestText(String(this.#nextId++), serverRequest, params));
  }

  #onAnswer(message: RpcMessage): void {
    // guard: handshake/stray-answer
    if (ownId(message.id) !== this.#nextId - 1) return;
    if (this.#serverRequest === 'initialize') this.#onInitialized(message);
    else this.#onDiscovered(message);
  }

  #onDiscovered(message: RpcMessage): void {
    const { credentials, context } = this.#options;
    const verdict = probeVerdict(message, context.dialects);
    switch (verdict.kind) {
      case 'modern':
        this.#dialect = verdict.dialect;
        return this.#succeed('modern', message);
      case 'dialect':
        if (this.#dialect !== undefined)
          return this.#fail(refusalError(credentials, 'server/discover', message));
        this.#dialect = verdict.dialect;
        return this.#ask('server/discover');
      case 'incompatible':
        return this.#fail(incompatibleError(credentials, verdict.supported));
      case 'legacy':
        if (!this.#mayFallBack) return this.#fail(refusalError(credentials, 'server/discover', message));
        this.#mayFallBack = false;
        return this.#ask('initialize');
    }
  }

  #onInitialized(message: RpcMessage): void {
    const version = negotiatedVersion(this.#options.credentials, message);
    if (typeof version === 'string') {
      this.#channel?.send(notificationText('notifications/initialized', ''));
      return this.#succeed('legacy', message);
    }
    if (!this.#mayFallBack) return this.#fail(version);
    this.#mayFallBack = false;
    this.#ask('server/discover');
  }

  #succeed(era: Era, handshake: RpcMessage): void {
    if (this.#channel === undefined) return;
    this.#connection = new ChannelConnection({
      ...this.#options,
      dialect: this.#dialect,
      era,
      handshake,
      channel: this.#channel,
      firstId: this.#nextId,
    });
    this.#finish({ kind: 'connection', connection: this.#connection });
  }

  #closeChannel(): void {
    const { spec, context, departures } = this.#options;
    const closed = this.#channel?.close().catch((error: unknown) => {
      context.logger.warn({ upstream: spec.name, err: error }, 'a connection could not be closed');
    });
    if (closed !== undefined) departures?.add(closed);
  }

  #fail(error: GatewayError): void {
    this.#finish({ kind: 'failed', error });
  }

  #finish(outcome: HandshakeOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer?.();
    if (outcome.kind !== 'connection') this.#closeChannel();
    this.#done(outcome);
  }
}
