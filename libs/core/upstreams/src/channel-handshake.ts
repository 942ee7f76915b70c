import {
  GatewayError,
  type CancelTimer,
  type ChannelGarbage,
  type ChannelListener,
  type Era,
  type MessageChannel,
  type OpenChannel,
} from '@omni/ports';
import { errorText, notificationText, parseMessage, requestText, resultText, type RpcMessage } from '@omni/wire';
import { ChannelLink } from './channel-link.ts';
import { handshakeTimeout, incompatibleError, negotiatedVersion, refusalError } from './handshake-error.ts';
import { initializeParams, modernParams, probeVerdict } from './mcp-revision.ts';
import type { LinkOptions, OpenLink } from './open-link.ts';
import { UPSTREAM_JSON_LIMITS } from './upstream-limits.ts';

/**
 * How a handshake finds the era. `probe`: ask in the modern way first. `modern`, `legacy`: only that one. `legacy-first`: there was no
 * answer to a probe, which says little about a slow starter, so a refused `initialize` leads to the modern question.
 */
export type EraPlan = 'probe' | 'modern' | 'legacy' | 'legacy-first';

/** What a handshake led to. `silent`: no answer to the probe, or an exit; the instance is used up. */
export type HandshakeOutcome =
  | { readonly kind: 'link'; readonly link: OpenLink }
  | { readonly kind: 'silent' }
  | { readonly kind: 'failed'; readonly error: GatewayError };

export interface ChannelHandshakeOptions extends LinkOptions {
  readonly open: OpenChannel;
  readonly plan: EraPlan;
}

/** A legacy server may ignore what comes before `initialize`; longer waiting only delays it. */
const PROBE_MS = 3_000;

/**
 * Opens a channel and the conversation on it.
 *
 * @returns Gives up: closes the channel, and `done` is not called.
 * @see MCP 2026-07-28, basic/versioning, "Era detection".
 */
export function handshakeOnChannel(options: ChannelHandshakeOptions, done: (outcome: HandshakeOutcome) => void): () => void {
  const handshake = new ChannelHandshake(options, done);
  handshake.begin();
  return () => handshake.abort();
}

type Question = 'server/discover' | 'initialize';

/** Listens on the channel for as long as it lives: during the handshake by itself, then for the link. */
class ChannelHandshake implements ChannelListener {
  readonly #options: ChannelHandshakeOptions;
  readonly #done: (outcome: HandshakeOutcome) => void;
  #channel: MessageChannel | undefined;
  #cancelTimer: CancelTimer | undefined;
  #link: ChannelLink | undefined;
  #question: Question;
  #nextId = 1;
  #mayFallBack: boolean;
  #isOver = false;

  constructor(options: ChannelHandshakeOptions, done: (outcome: HandshakeOutcome) => void) {
    this.#options = options;
    this.#done = done;
    this.#question = options.plan === 'probe' || options.plan === 'modern' ? 'server/discover' : 'initialize';
    this.#mayFallBack = options.plan === 'probe' || options.plan === 'legacy-first';
  }

  begin(): void {
    this.#channel = this.#options.open(this);
    this.#ask(this.#question);
  }

  abort(): void {
    this.#isOver = true;
    this.#cancelTimer?.();
    void this.#channel?.close();
  }

  onMessage(text: string): void {
    if (this.#link !== undefined) return this.#link.onMessage(text);
    if (this.#isOver) return;
    const message = parseMessage(text, UPSTREAM_JSON_LIMITS);
    if (message.kind === 'response') return this.#onAnswer(message);
    if (message.kind !== 'request') return;
    // Before the handshake nothing but ping may be asked.
    const notYet = new GatewayError('OMNI_METHOD_UNKNOWN', 'Nothing but ping may be requested before the handshake');
    this.#channel?.send(message.method === 'ping' ? resultText(message.id, '{}') : errorText(message.id, notYet));
  }

  onGarbage(problem: ChannelGarbage): void {
    this.#link?.onGarbage(problem);
  }

  onClose(reason: GatewayError | undefined): void {
    if (this.#link !== undefined) return this.#link.onClose(reason);
    const neverOpened = reason?.code === 'OMNI_UPSTREAM_SPAWN_FAILED' || reason?.data?.['phase'] === 'connect';
    if (this.#isProbing() && !neverOpened) return this.#finish({ kind: 'silent' });
    this.#fail(
      reason ?? new GatewayError('OMNI_UPSTREAM_EXITED', `"${this.#options.spec.name}" closed its connection during ${this.#question}`),
    );
  }

  /** Whether the first question of a probe is open. */
  #isProbing(): boolean {
    return this.#options.plan === 'probe' && this.#question === 'server/discover';
  }

  #ask(question: Question): void {
    const { spec, context, owner } = this.#options;
    this.#question = question;
    this.#cancelTimer?.();
    const params = question === 'initialize' ? initializeParams(context.identity, owner) : modernParams(context.identity, '');
    const isProbing = this.#isProbing();
    this.#cancelTimer = context.clock.after(isProbing ? Math.min(PROBE_MS, spec.connectTimeoutMs) : spec.connectTimeoutMs, () => {
      if (isProbing) this.#finish({ kind: 'silent' });
      else this.#fail(handshakeTimeout(spec, question));
    });
    // A channel that does not take the question is closed, or times out.
    this.#channel?.send(requestText(String(this.#nextId++), question, params));
  }

  #onAnswer(message: RpcMessage): void {
    if (message.id !== String(this.#nextId - 1)) return;
    if (this.#question === 'initialize') this.#onInitialized(message);
    else this.#onDiscovered(message);
  }

  #onDiscovered(message: RpcMessage): void {
    const { spec } = this.#options;
    const verdict = probeVerdict(message);
    switch (verdict.kind) {
      case 'modern':
        return this.#succeed('modern', message);
      case 'incompatible':
        return this.#fail(incompatibleError(spec, verdict.supported));
      case 'legacy':
        if (!this.#mayFallBack) return this.#fail(refusalError(spec, 'server/discover', message));
        this.#mayFallBack = false;
        return this.#ask('initialize');
    }
  }

  #onInitialized(message: RpcMessage): void {
    const version = negotiatedVersion(this.#options.spec, message);
    if (typeof version === 'string') {
      this.#channel?.send(notificationText('notifications/initialized', ''));
      return this.#succeed('legacy', message);
    }
    if (!this.#mayFallBack) return this.#fail(version);
    this.#mayFallBack = false;
    this.#ask('server/discover');
  }

  #succeed(era: Era, hello: RpcMessage): void {
    if (this.#channel === undefined) return;
    this.#link = new ChannelLink({ ...this.#options, era, hello, channel: this.#channel, firstId: this.#nextId });
    this.#finish({ kind: 'link', link: this.#link });
  }

  #fail(error: GatewayError): void {
    this.#finish({ kind: 'failed', error });
  }

  #finish(outcome: HandshakeOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer?.();
    if (outcome.kind !== 'link') void this.#channel?.close();
    this.#done(outcome);
  }
}
