import { type CancelTimer, GatewayError } from '@omni/ports';
import { askedPauseMs } from '../lifecycle/asked-pause.ts';
import { Backoff } from '../connection/backoff.ts';
import type { ConnectionContext, OpenConnection } from '../connection/open-connection.ts';
import type { OnConnection } from './lazy-connection.ts';

export interface PrimaryReplacementOptions {
  readonly upstream: string;
  readonly context: Pick<ConnectionContext, 'clock' | 'logger' | 'random'>;
  /** Opens another primary connection; returns what gives the attempt up. */
  readonly open: (done: OnConnection) => () => void;
  readonly onReplaced: (next: OpenConnection) => void;
}

/** Opens another primary connection; the present one serves until then, for as long as that takes. */
export class PrimaryReplacement {
  readonly #options: PrimaryReplacementOptions;
  /** Of an attempt, or of the pause before. */
  #cancel: CancelTimer | undefined;
  #isAttempting = false;
  #backoff: Backoff | undefined;

  constructor(options: PrimaryReplacementOptions) {
    this.#options = options;
  }

  /** An attempt that is under way goes on: it finds out by itself that what it began with is former. */
  begin(): void {
    if (this.#isAttempting) return;
    this.#cancel?.();
    this.#attempt();
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isAttempting = false;
    this.#backoff = undefined;
  }

  #attempt(): void {
    const { upstream, context, open, onReplaced } = this.#options;
    const backoff = (this.#backoff ??= new Backoff(context.random));
    this.#isAttempting = true;
    this.#cancel = open((result) => {
      this.#cancel = undefined;
      this.#isAttempting = false;
      if (!(result instanceof GatewayError)) {
        this.end();
        return onReplaced(result);
      }
      const delayMs = Math.max(backoff.nextDelayMs(0), askedPauseMs(result));
      this.#cancel = context.clock.after(delayMs, () => this.#attempt());
      context.logger.warn(
        { upstream, code: result.code, retryInMs: Math.round(delayMs) },
        `The server goes on with its former credentials: ${result.message}`,
      );
    });
  }
}
