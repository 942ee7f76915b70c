import type { Clock } from '@omni/ports';
import type { NewEvent } from './event.ts';

/** So many servers that fall within {@link WINDOW_MS} have one cause, most likely. */
const SERVERS = 3;
const WINDOW_MS = 10_000;
/** Names in one event, at most. */
const MAX_NAMES = 20;

/** Notices when several servers fall at once: the cause is then rarely one of them. */
export class FailureBurst {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** When each fell last, oldest first; only those of the last window. */
  readonly #falls = new Map<string, number>();
  #quietUntilMs = -Infinity;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** A server fell. @returns What is to be published, at most once in a window. */
  onDown(server: string): NewEvent | undefined {
    const nowMs = this.#clock.monotonicMs();
    this.#falls.delete(server);
    this.#falls.set(server, nowMs);
    for (const [name, atMs] of this.#falls) {
      if (nowMs - atMs < WINDOW_MS) break;
      this.#falls.delete(name);
    }
    if (this.#falls.size < SERVERS || /* guard: events/burst-once */ nowMs < this.#quietUntilMs)
      return undefined;
    this.#quietUntilMs = nowMs + WINDOW_MS;
    const names = [...this.#falls.keys()];
    const servers = names.slice(-MAX_NAMES);
    return {
      type: 'fleet.multiple_failures',
      data: { count: names.length, servers, withinMs: WINDOW_MS },
      acl: { servers, minRole: 'user' },
    };
  }
}
