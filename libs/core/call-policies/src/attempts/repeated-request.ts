import type { Outcome, ReplySink, RoutedRequest, RunningCall, RunRequest } from '@omni/model';
import type { CancelTimer, Clock, Millis } from '@omni/ports';
import { Attempt, type AttemptOwner } from './attempt.ts';

/** Whether and when a request is run again. */
export interface AttemptPolicy {
  /**
   * @param attempts - That were begun so far.
   * @returns Milliseconds until the next one; `undefined`: this is how the request ends.
   */
  repeatAfterMs(request: RoutedRequest, outcome: Outcome, attempts: number): Millis | undefined;
  /**
   * @param attempts - That were begun so far.
   * @returns Milliseconds until one more is begun beside those that run; `undefined`: none is.
   */
  hedgeAfterMs(request: RoutedRequest, attempts: number): Millis | undefined;
  /** One more attempt is begun, because of a failure or beside another one. */
  onRepeated(request: RoutedRequest, why: 'retry' | 'hedge', outcome: Outcome | undefined): void;
}

export interface RepeatedRequestOptions {
  readonly request: RoutedRequest;
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
  readonly #running = new Set<Attempt>();
  #attempts = 0;
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
    this.#cancelTimer?.();
    this.#cancelOthers(attempt);
    return true;
  }

  onSettled(attempt: Attempt, outcome: Outcome): void {
    this.#running.delete(attempt);
    if (this.#isOver) return;
    const { policy, request } = this.#options;
    if (this.#chosen === undefined && outcome.kind === 'error') {
      // Another one may still answer.
      if (this.#running.size > 0) return;
      const afterMs = policy.repeatAfterMs(request, outcome, this.#attempts);
      if (afterMs !== undefined) return this.#again(afterMs, 'retry', outcome);
    }
    this.#end();
    this.#reply.settle(outcome);
  }

  #run(): void {
    const attempt = new Attempt(this, this.#reply);
    this.#attempts++;
    this.#running.add(attempt);
    attempt.begin(this.#options.run);
    if (this.#isOver || this.#chosen !== undefined || !this.#running.has(attempt)) return;
    const afterMs = this.#options.policy.hedgeAfterMs(this.#options.request, this.#attempts);
    if (afterMs !== undefined) this.#again(afterMs, 'hedge', undefined);
  }

  #again(afterMs: Millis, why: 'retry' | 'hedge', outcome: Outcome | undefined): void {
    const { clock, policy, request } = this.#options;
    this.#cancelTimer?.();
    this.#cancelTimer = clock.after(afterMs, () => {
      policy.onRepeated(request, why, outcome);
      this.#run();
    });
  }

  #end(reason?: string): void {
    this.#isOver = true;
    this.#cancelTimer?.();
    for (const attempt of this.#running) attempt.cancel(reason);
    this.#running.clear();
  }

  #cancelOthers(chosen: Attempt): void {
    for (const attempt of this.#running)
      if (attempt !== chosen) attempt.cancel('another attempt has answered');
    this.#running.clear();
    this.#running.add(chosen);
  }
}
