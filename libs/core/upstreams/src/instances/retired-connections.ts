import type { CancelTimer, Clock } from '@omni/ports';
import type { OpenConnection } from '../connection/open-connection.ts';

/**
 * How often it is looked whether anything runs; who was given the connection just before has this long to
 * send.
 */
const LOOK_MS = 250;

/**
 * Connections that others have taken the place of: each is closed when what runs on it has ended, which
 * deadlines see to.
 */
export class RetiredConnections {
  readonly #clock: Clock;
  readonly #looks = new Map<OpenConnection, CancelTimer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls under way on all of them. */
  get inFlight(): number {
    let sum = 0;
    for (const { inFlight } of this.#looks.keys()) sum += inFlight;
    return sum;
  }

  add(connection: OpenConnection): void {
    this.#looks.set(
      connection,
      this.#clock.after(LOOK_MS, () => {
        // guard: credentials/drained
        if (connection.inFlight > 0) return this.add(connection);
        this.#looks.delete(connection);
        void connection.close();
      }),
    );
  }

  /** The connection broke by itself. */
  onClosed(connection: OpenConnection): void {
    this.#looks.get(connection)?.();
    this.#looks.delete(connection);
  }

  /** Closes them with what runs. */
  async close(): Promise<void> {
    const connections = [...this.#looks.keys()];
    for (const connection of connections) this.onClosed(connection);
    await Promise.all(connections.map((connection) => connection.close()));
  }
}
