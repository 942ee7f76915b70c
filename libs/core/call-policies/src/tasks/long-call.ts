import {
  type ChunkSink,
  type CallContext,
  ForwardingReply,
  type Outcome,
  type ReplySink,
  type RpcNotification,
  type RunningCall,
} from '@omni/model';
import { resultText } from '@omni/jsonrpc';
import { type CancelTimer, type Clock, GatewayError, type Millis } from '@omni/ports';
import type { OwnTask } from './own-task.ts';

export interface LongCallOptions {
  readonly context: CallContext;
  readonly clock: Pick<Clock, 'after'>;
  /** Until it becomes a task. */
  readonly leftMs: Millis;
  /** @returns `undefined` where it cannot be one. */
  readonly begin: () => Promise<OwnTask | undefined>;
  /** Drops a task that nobody was told of. */
  readonly abandon: (task: OwnTask) => void;
}

/**
 * A call that becomes a task if it takes too long. Once its client has heard anything of the answer, it stays
 * a call.
 */
export class LongCall extends ForwardingReply implements RunningCall {
  readonly #options: LongCallOptions;
  #running: RunningCall | undefined;
  #cancelTimer: CancelTimer | undefined;
  #task: OwnTask | undefined;
  #onDrained: (() => void) | undefined;
  /** Its client is answered, or does not want it. */
  #isOver = false;

  constructor(options: LongCallOptions, reply: ReplySink) {
    super(reply);
    this.#options = options;
  }

  begin(running: RunningCall): void {
    if (this.#isOver) return;
    this.#running = running;
    const { clock, leftMs } = this.#options;
    this.#cancelTimer = clock.after(Math.max(0, leftMs), () => void this.#becomeTask(running));
  }

  cancel(reason?: string): void {
    // guard: longcall/outlives-request
    if (this.#task !== undefined) return;
    this.#over();
    this.#running?.cancel(reason);
  }

  override notification(notification: RpcNotification): boolean {
    return this.#task === undefined ? super.notification(notification) : true;
  }

  override onDrain(listener: () => void): void {
    if (this.#task !== undefined) return listener();
    this.#onDrained = listener;
    super.onDrain(() => this.#drained());
  }

  override serverRequest(...asked: Parameters<ReplySink['serverRequest']>): void {
    if (this.#task === undefined) {
      this.#over();
      return super.serverRequest(...asked);
    }
    const [, , answer] = asked;
    answer(new GatewayError('OMNI_CANCELLED', 'The call has become a task'));
  }

  override settle(outcome: Outcome): void {
    if (this.#task !== undefined) return this.#task.settle(outcome, this.#options.context);
    this.#over();
    super.settle(outcome);
  }

  /** Of a task the answer is wanted whole. */
  override get chunks(): ChunkSink | undefined {
    const chunks = this.#task === undefined ? this.next.chunks : undefined;
    if (chunks === undefined) return undefined;
    // guard: longcall/streamed
    this.#over();
    return chunks;
  }

  async #becomeTask(running: RunningCall): Promise<void> {
    const { begin, abandon, context } = this.#options;
    const task = await begin();
    if (task === undefined) return;
    // guard: longcall/answered-meanwhile
    if (this.#isOver) return abandon(task);
    this.#task = task;
    task.runs(running);
    this.next.settle({
      kind: 'message',
      payload: resultText(context.message.id, task.created),
      status: 200,
    });
    this.#drained();
  }

  #over(): void {
    this.#isOver = true;
    this.#cancelTimer?.();
  }

  #drained(): void {
    const drained = this.#onDrained;
    this.#onDrained = undefined;
    drained?.();
  }
}
