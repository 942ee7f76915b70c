import type { RpcMessage } from '@omni/jsonrpc';
import type { AnswerServerRequest, ChunkSink, Outcome, ReplySink, RpcNotification } from './reply-sink.ts';

/** Forwards everything to another reply. Whatever watches or changes a reply extends this. */
export class ForwardingReply implements ReplySink {
  protected readonly next: ReplySink;

  constructor(next: ReplySink) {
    this.next = next;
  }

  notification(notification: RpcNotification): boolean {
    return this.next.notification(notification);
  }

  onDrain(listener: () => void): void {
    this.next.onDrain(listener);
  }

  serverRequest(
    upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void {
    this.next.serverRequest(upstream, message, answer, signal);
  }

  settle(outcome: Outcome): void {
    this.next.settle(outcome);
  }

  get chunks(): ChunkSink | undefined {
    return this.next.chunks;
  }
}
