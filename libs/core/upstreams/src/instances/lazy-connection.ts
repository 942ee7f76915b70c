import { GatewayError } from '@omni/ports';
import type { OpenConnection } from '../connection/open-connection.ts';

/** Told the connection, or why there is none. */
export type OnConnection = (result: OpenConnection | GatewayError) => void;

type Phase =
  | { readonly kind: 'closed' }
  | { readonly kind: 'opening'; readonly waiting: OnConnection[]; abort: () => void }
  | { readonly kind: 'open'; readonly connection: OpenConnection };

/** A connection that is opened when somebody needs it, once for all who do. */
export class LazyConnection {
  readonly #open: (done: OnConnection) => () => void;
  #phase: Phase = { kind: 'closed' };

  /** @param open - Opens a new connection; returns what gives the attempt up. */
  constructor(open: (done: OnConnection) => () => void) {
    this.#open = open;
  }

  get connection(): OpenConnection | undefined {
    return this.#phase.kind === 'open' ? this.#phase.connection : undefined;
  }

  /** Calls under way, with those that wait for the connection. */
  get inFlight(): number {
    switch (this.#phase.kind) {
      case 'closed':
        return 0;
      case 'opening':
        return this.#phase.waiting.length;
      case 'open':
        return this.#phase.connection.inFlight;
    }
  }

  /** @param done - Called before this returns when the connection is open. */
  get(done: OnConnection): void {
    switch (this.#phase.kind) {
      case 'open':
        return done(this.#phase.connection);
      case 'opening':
        this.#phase.waiting.push(done);
        return;
      case 'closed': {
        const opening = { kind: 'opening' as const, waiting: [done], abort: () => {} };
        this.#phase = opening;
        opening.abort = this.#open((result) => {
          this.#phase =
            result instanceof GatewayError ? { kind: 'closed' } : { kind: 'open', connection: result };
          for (const waiting of opening.waiting) waiting(result);
        });
      }
    }
  }

  /** The connection broke: the next use opens another. */
  forget(): void {
    this.#phase = { kind: 'closed' };
  }

  /** @param error - What those are told who still wait for the connection. */
  async close(error: GatewayError): Promise<void> {
    const phase = this.#phase;
    this.#phase = { kind: 'closed' };
    switch (phase.kind) {
      case 'closed':
        return;
      case 'opening':
        phase.abort();
        for (const waiting of phase.waiting) waiting(error);
        return;
      case 'open':
        await phase.connection.close();
    }
  }
}
