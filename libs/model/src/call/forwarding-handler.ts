import type { RpcMessage } from '@omni/jsonrpc';
import type { GatewayError } from '@omni/ports';
import type { AnswerServerRequest, ChunkSink } from './reply-sink.ts';
import type { CallPhase } from './call-phase.ts';
import type { CallHandler, UpstreamAnswer } from './upstream-call.ts';

/**
 * Forwards everything to another handler. Whatever watches or changes a call on its way extends this and
 * overrides what it is about.
 */
export class ForwardingHandler implements CallHandler {
  protected readonly next: CallHandler;

  constructor(next: CallHandler) {
    this.next = next;
  }

  onNotification(message: RpcMessage): boolean {
    return this.next.onNotification(message);
  }

  onDrain(listener: () => void): void {
    this.next.onDrain(listener);
  }

  onServerRequest(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    this.next.onServerRequest(message, answer, signal);
  }

  onAnswer(answer: UpstreamAnswer): void {
    this.next.onAnswer(answer);
  }

  onFailure(error: GatewayError, phase: CallPhase): void {
    this.next.onFailure(error, phase);
  }

  /** Chunks go to the last handler directly. */
  get chunks(): ChunkSink | undefined {
    return this.next.chunks;
  }
}
