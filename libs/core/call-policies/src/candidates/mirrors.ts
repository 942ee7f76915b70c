import type { AnswerServerRequest, Outcome, ReplySink, RunRequest } from '@omni/model';
import { type Clock, GatewayError } from '@omni/ports';

/** Calls that are sent to the mirror of one server at the same time; further ones are not. */
const MAX_MIRRORED = 16;

/** Sends calls to another server too. Nobody waits for what becomes of them. */
export class Mirrors {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #running = new Map<string, number>();

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /**
   * Begins behind what the caller of this does now.
   *
   * @param server - Name of that whose calls are sent.
   * @returns Whether there is room.
   */
  begin(server: string, send: (reply: ReplySink) => ReturnType<RunRequest>): boolean {
    const running = this.#running.get(server) ?? 0;
    // guard: mirror/bounded
    if (running >= MAX_MIRRORED) return false;
    this.#running.set(server, running + 1);
    const reply = new UnheardReply(() => this.#left(server));
    this.#clock.after(0, () => void send(reply));
    return true;
  }

  #left(server: string): void {
    const left = (this.#running.get(server) ?? 1) - 1;
    if (left > 0) this.#running.set(server, left);
    else this.#running.delete(server);
  }
}

/** What is told to it reaches nobody. */
class UnheardReply implements ReplySink {
  readonly #onEnd: () => void;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  notification(): boolean {
    return true;
  }

  onDrain(listener: () => void): void {
    listener();
  }

  serverRequest(_upstream: string, _message: unknown, answer: AnswerServerRequest): void {
    answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'No client takes requests of this call'));
  }

  settle(_outcome: Outcome): void {
    this.#onEnd();
  }
}
