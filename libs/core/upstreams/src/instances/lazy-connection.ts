import { type Clock, FairPlaces, GatewayError, type Principal } from '@omni/ports';
import type { OpenConnection } from '../connection/open-connection.ts';

/** Told the connection, or why there is none. */
export type OnConnection = (result: OpenConnection | GatewayError) => void;

interface Opening {
  readonly kind: 'opening';
  readonly waiting: OnConnection[];
  readonly places: FairPlaces;
  abort: () => void;
}

type Phase =
  { readonly kind: 'closed' } | Opening | { readonly kind: 'open'; readonly connection: OpenConnection };

/** Most that wait for one connection to open. */
const MAX_WAITING = 256;

export interface LazyConnectionOptions {
  readonly upstream: string;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Opens a new connection; returns what gives the attempt up. */
  readonly open: (done: OnConnection) => () => void;
}

/** A connection that is opened when somebody needs it, once for all who do. */
export class LazyConnection {
  readonly #options: LazyConnectionOptions;
  #phase: Phase = { kind: 'closed' };

  constructor(options: LazyConnectionOptions) {
    this.#options = options;
  }

  /** Whether it is neither open nor opening: an opening may have failed. */
  get isClosed(): boolean {
    return this.#phase.kind === 'closed';
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

  /**
   * @param done - Called before this returns when the connection is open, or too many wait for it to open.
   */
  get(principal: Principal, done: OnConnection): void {
    switch (this.#phase.kind) {
      case 'open':
        return done(this.#phase.connection);
      case 'opening':
        return wait(this.#phase, principal, done);
      case 'closed': {
        const { upstream, clock, open } = this.#options;
        const what = `calls waiting for a connection to "${upstream}" to open`;
        const places = new FairPlaces({ capacity: MAX_WAITING, what, clock });
        const opening: Opening = { kind: 'opening', waiting: [], places, abort: () => {} };
        wait(opening, principal, done);
        this.#phase = opening;
        opening.abort = open((result) => {
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

function wait({ places, waiting }: Opening, principal: Principal, done: OnConnection): void {
  const place = places.take(principal);
  // guard: instances/waiting
  if (place instanceof GatewayError) return done(place);
  waiting.push(done);
}
