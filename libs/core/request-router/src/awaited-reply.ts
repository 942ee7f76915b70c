import type { RpcMessage } from '@omni/jsonrpc';
import type { Answer, AnswerServerRequest, Outcome, ReplySink, RunningCall } from '@omni/model';
import { GatewayError } from '@omni/ports';

/**
 * A reply that is awaited: there is no place for what precedes the answer, so notifications end here and
 * nobody can be asked.
 */
export class AwaitedReply implements ReplySink {
  readonly answer: Promise<Answer>;
  readonly #signal: AbortSignal;
  #running: RunningCall | undefined;
  #resolve: (answer: Answer) => void = () => {};
  #reject: (reason: unknown) => void = () => {};

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Names the call that the signal ends. */
  awaits(running: RunningCall): void {
    this.#running = running;
  }

  notification(): boolean {
    return true;
  }

  onDrain(listener: () => void): void {
    listener();
  }

  serverRequest(_upstream: string, _message: RpcMessage, answer: AnswerServerRequest): void {
    answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'The client of this request cannot be asked'));
  }

  settle(outcome: Outcome): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (outcome.kind === 'refused') this.#resolve({ kind: 'error', error: outcome.error });
    if (outcome.kind === 'message' || outcome.kind === 'error') this.#resolve(outcome);
  }

  readonly #onAbort = (): void => {
    this.#reject(this.#signal.reason);
    try {
      this.#running?.cancel('aborted');
    } catch {
      // Whoever awaits it has its reason; thrown here it would end the process.
    }
  };
}
