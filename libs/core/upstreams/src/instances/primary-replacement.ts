import { type CancelTimer, GatewayError } from '@omni/ports';
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

  constructor(options: PrimaryReplacementOptions) {
    this.#options = options;
  }

  /** An attempt that is under way is given up: what it began with may be former by now. */
  begin(): void {
    this.end();
    this.#attempt(new Backoff(this.#options.context.random));
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #attempt(backoff: Backoff): void {
    const { upstream, context, open, onReplaced } = this.#options;
    this.#cancel = open((result) => {
      this.#cancel = undefined;
      if (!(result instanceof GatewayError)) return onReplaced(result);
      const delayMs = backoff.nextDelayMs(0);
      this.#cancel = context.clock.after(delayMs, () => this.#attempt(backoff));
      context.logger.warn(
        { upstream, code: result.code, retryInMs: Math.round(delayMs) },
        `The server goes on with its former credentials: ${result.message}`,
      );
    });
  }
}
