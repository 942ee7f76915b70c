import type { Outcome, ReplySink, RunningCall, RunRequest } from '@omni/model';
import type { CancelTimer, Clock, Millis } from '@omni/ports';
import { Attempt, type AttemptOwner } from './attempt.ts';

/** Whether and when a request is run again. */
export interface AttemptPolicy {
  /** Whether {@link onAnswer} is wanted. */
  readonly isTimed: boolean;
  /** @returns Milliseconds until the next attempt; `undefined`: this is how the request ends. */
  repeatAfterMs(outcome: Extract<Outcome, { kind: 'error' }>): Millis | undefined;
  /** @returns Milliseconds until one more attempt may begin beside this one; `undefined`: none does. */
  hedgeAfterMs(): Millis | undefined;
  /** That time is over. @returns Whether one more attempt begins. */
  takeHedge(): boolean;
  /** @param afterMs - How long the attempt took that has answered, or to its first word. */
  onAnswer(afterMs: Millis): void;
}

export interface RepeatedRequestOptions {
  readonly run: RunRequest;
  readonly policy: AttemptPolicy;
  readonly clock: Clock;
}

/**
 * A request that is run until an attempt ends it: a failed one is followed by the next, a slow one gets
 * another one beside it. The first attempt that tells the client something is the one that counts; the
 * others are cancelled.
 */
export class RepeatedRequest implements RunningCall, AttemptOwner {
  readonly #options: RepeatedRequestOptions;
  readonly #reply: ReplySink;
  readonly #running: Attempt[] = [];
  #chosen: Attempt | undefined;
  #cancelTimer: CancelTimer | undefined;
  #isOver = false;

  constructor(options: RepeatedRequestOptions, reply: ReplySink) {
    this.#options = options;
    this.#reply = reply;
  }

  begin(): this {
    this.#run();
    return this;
  }

  cancel(reason?: string): void {
    if (this.#isOver) return;
    this.#end(reason);
  }

  onShown(attempt: Attempt): boolean {
    if (this.#chosen !== undefined) return this.#chosen === attempt;
    // guard: attempts/one-shown
    this.#chosen = attempt;
    this.#answered(attempt);
    this.#cancelTimer?.();
    this.#cancelOthers(attempt);
    return true;
  }

  onSettled(attempt: Attempt, outcome: Outcome): void {
    if (this.#isOver) return;
    if (this.#chosen === undefined && outcome.kind === 'error') {
      this.#forget(attempt);
      // Another one may still answer.
      if (this.#running.length > 0) return;
      const afterMs = this.#options.policy.repeatAfterMs(outcome);
      if (afterMs !== undefined) return this.#later(afterMs, () => this.#run());
    } else if (this.#chosen === undefined) this.#answered(attempt);
    this.#forget(attempt);
    this.#end();
    this.#reply.settle(outcome);
  }

  #run(): void {
    const { policy, clock, run } = this.#options;
    const attempt = new Attempt(this, this.#reply, policy.isTimed ? clock.monotonicMs() : undefined);
    this.#running.push(attempt);
    attempt.begin(run);
    if (this.#isOver || this.#chosen !== undefined || !this.#running.includes(attempt)) return;
    const afterMs = policy.hedgeAfterMs();
    if (afterMs === undefined) return;
    this.#later(afterMs, () => {
      if (policy.takeHedge()) this.#run();
    });
  }

  #later(afterMs: Millis, action: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.after(afterMs, action);
  }

  #answered({ begunMs }: Attempt): void {
    const { policy, clock } = this.#options;
    if (begunMs !== undefined) policy.onAnswer(clock.monotonicMs() - begunMs);
  }

  #end(reason?: string): void {
    this.#isOver = true;
    this.#cancelTimer?.();
    for (const attempt of this.#running.splice(0)) attempt.cancel(reason);
  }

  #forget(attempt: Attempt): void {
    const at = this.#running.indexOf(attempt);
    if (at >= 0) this.#running.splice(at, 1);
  }

  #cancelOthers(chosen: Attempt): void {
    for (const attempt of this.#running.splice(0)) {
      if (attempt === chosen) this.#running.push(attempt);
      else attempt.cancel('another attempt has answered');
    }
  }
}
