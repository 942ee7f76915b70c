import type { GatewayError } from '@omni/ports';
import type { SendCall } from './call-stage.ts';
import { ForwardingHandler } from './forwarding-handler.ts';
import type { ChunkSink, ResponseHead } from './reply-sink.ts';
import type { RunningCall } from './running-call.ts';
import type { CallPhase } from './call-phase.ts';
import type { UpstreamAnswer, UpstreamCall } from './upstream-call.ts';

/** A call that a stage follows from {@link begin} to its one end, however it ends. */
export abstract class FollowedCall extends ForwardingHandler implements RunningCall, ChunkSink {
  #running: RunningCall | undefined;
  #sink: ChunkSink | undefined;
  #isOver = false;

  begin(send: SendCall, call: UpstreamCall): RunningCall {
    try {
      this.#running = send(call, this);
    } catch (error) {
      this.#end();
      throw error;
    }
    return this;
  }

  cancel(reason?: string): void {
    try {
      this.#running?.cancel(reason);
    } finally {
      this.#end();
    }
  }

  override onAnswer(answer: UpstreamAnswer): void {
    this.#end();
    this.next.onAnswer(answer);
  }

  override onFailure(error: GatewayError, phase: CallPhase): void {
    this.#end();
    this.next.onFailure(error, phase);
  }

  override get chunks(): ChunkSink | undefined {
    this.#sink = this.next.chunks;
    return this.#sink === undefined ? undefined : this;
  }

  onResponseHead(head: ResponseHead): void {
    this.#sink?.onResponseHead(head);
  }

  onChunk(bytes: Uint8Array): boolean {
    return this.#sink?.onChunk(bytes) ?? true;
  }

  onResponseEnd(): void {
    this.#end();
    this.#sink?.onResponseEnd();
  }

  /**
   * Called once: the call is answered, has failed or is cancelled. The next handler is told afterwards, and
   * may throw.
   */
  protected abstract onOver(): void;

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.onOver();
  }
}
