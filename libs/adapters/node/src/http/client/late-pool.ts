import { GatewayError } from '@omni/ports';
import type { Dispatcher, Pool } from 'undici';
import type { UndiciCall } from '../undici-call.ts';

/**
 * Connections to one origin, from before undici is loaded: that takes a tenth of the time of a start, and who
 * has no server on HTTP goes without.
 */
export class LatePool {
  readonly #opening: Promise<Pool>;
  #pool: Pool | undefined;

  constructor(opening: Promise<Pool>) {
    this.#opening = opening.then((pool) => (this.#pool = pool));
  }

  dispatch(options: Dispatcher.DispatchOptions, call: UndiciCall): void {
    if (this.#pool !== undefined) {
      this.#pool.dispatch(options, call);
      return;
    }
    this.#opening
      .then((pool) => pool.dispatch(options, call))
      .catch((cause: unknown) =>
        call.fail(new GatewayError('OMNI_INTERNAL', 'The HTTP client could not be loaded', { cause })),
      );
  }

  /** Lets running calls end first. */
  async close(): Promise<void> {
    await (await this.#opening).close();
  }

  async destroy(): Promise<void> {
    await (await this.#opening).destroy();
  }
}
