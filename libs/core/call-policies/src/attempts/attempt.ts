import {
  type ChunkSink,
  ForwardingReply,
  type Outcome,
  type ReplySink,
  type ResponseHead,
  type RpcNotification,
  type RunningCall,
  type RunRequest,
} from '@omni/model';
import { GatewayError, type Millis } from '@omni/ports';

export interface AttemptOwner {
  /**
   * The attempt is about to tell the client something: from then on only this one may.
   *
   * @returns Whether it may.
   */
  onShown(attempt: Attempt): boolean;
  onSettled(attempt: Attempt, outcome: Outcome): void;
}

/** One run of a request. The client hears of it only while its owner lets it. */
export class Attempt extends ForwardingReply implements RunningCall, ChunkSink {
  /** Monotonic: when it was begun, where its owner wants to know. */
  readonly begunMs: Millis | undefined;
  readonly #owner: AttemptOwner;
  #running: RunningCall | undefined;
  #sink: ChunkSink | undefined;
  #isOver = false;

  constructor(owner: AttemptOwner, reply: ReplySink, begunMs: Millis | undefined) {
    super(reply);
    this.#owner = owner;
    this.begunMs = begunMs;
  }

  begin(run: RunRequest): void {
    const running = run(this);
    if (!this.#isOver) this.#running = running;
  }

  cancel(reason?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#running?.cancel(reason);
  }

  override notification(notification: RpcNotification): boolean {
    return this.#mayShow() ? this.next.notification(notification) : true;
  }

  override serverRequest(
    ...[upstream, message, answer, signal]: Parameters<ReplySink['serverRequest']>
  ): void {
    if (this.#mayShow()) this.next.serverRequest(upstream, message, answer, signal);
    else answer(new GatewayError('OMNI_CANCELLED', 'Another attempt has answered this request'));
  }

  override settle(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.onSettled(this, outcome);
  }

  override get chunks(): ChunkSink | undefined {
    this.#sink = this.next.chunks;
    return this.#sink === undefined ? undefined : this;
  }

  onResponseHead(head: ResponseHead): void {
    if (this.#mayShow()) this.#sink?.onResponseHead(head);
  }

  onChunk(bytes: Uint8Array): boolean {
    return this.#isOver || this.#sink?.onChunk(bytes) !== false;
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink?.onResponseEnd();
  }

  #mayShow(): boolean {
    return !this.#isOver && this.#owner.onShown(this);
  }
}
