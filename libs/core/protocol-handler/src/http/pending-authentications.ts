import { type Clock, FairPlaces, GatewayError, type Principal, type Refusal } from '@omni/ports';
import type { EndpointRequest } from './endpoint-request.ts';

/** Shared fairly by peer addresses. */
const MAX_PENDING = 1_000;
const DEADLINE_MS = 10_000;
/**
 * Asked for and not answered, those whose clients have gone or were refused included: nothing ends these but
 * their answer.
 */
const MAX_UNANSWERED = 10_000;

/**
 * Authentications that take time: bounded in number, each with a deadline. The request behind one is held as
 * it came; nothing of its body is read.
 */
export class PendingAuthentications {
  readonly #clock: Clock;
  /** What ends each. */
  readonly #pending = new Set<(refusal: Refusal) => void>();
  readonly #places: FairPlaces;
  #isClosed = false;
  #unanswered = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#places = new FairPlaces({
      capacity: MAX_PENDING,
      what: 'requests waiting until it is known who sent them',
      clock,
    });
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Why nobody can be asked who a request is from. */
  get refusal(): Refusal | undefined {
    // guard: authentication/unanswered
    if (this.#unanswered >= MAX_UNANSWERED) return full();
    return undefined;
  }

  /**
   * @param answer - Never rejected.
   * @param ended - Told when nobody waits for the answer any more.
   * @returns The answer; a refusal when there is no room, when it does not come in time, when the client
   * goes, or when Omni stops.
   */
  wait(
    answer: Promise<Principal | Refusal>,
    request: EndpointRequest,
    ended: () => void,
  ): Refusal | Promise<Principal | Refusal> {
    this.#unanswered++;
    void answer.then(() => this.#unanswered--);
    const share = this.#isClosed
      ? stopping()
      : this.#places.take({ id: request.peerAddress ?? '', kind: 'anonymous' });
    // guard: pending/room
    if (share instanceof GatewayError) {
      ended();
      return { error: share };
    }
    return new Promise((resolve) => {
      const end = (verdict: Principal | Refusal): void => {
        if (!this.#pending.delete(end)) return;
        cancelDeadline();
        this.#places.leave(share);
        if ('error' in verdict) ended();
        resolve(verdict);
      };
      this.#pending.add(end);
      const cancelDeadline = this.#clock.after(DEADLINE_MS, () => /* guard: pending/deadline */ end(late()));
      void answer.then(end);
      request.onGone(() => end(gone()));
    });
  }

  /** Refuses what waits, and what would wait from now on. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#pending) end({ error: stopping() });
  }
}

function full(): Refusal {
  return {
    error: new GatewayError('OMNI_OVERLOADED', 'Too many requests wait until it is known who sent them', {
      hint: 'Try again in a moment.',
    }),
  };
}

function late(): Refusal {
  return {
    error: new GatewayError(
      'OMNI_AUTH_UNAVAILABLE',
      `Omni could not find out within ${DEADLINE_MS / 1000} s who sent the request`,
    ),
  };
}

function stopping(): GatewayError {
  return new GatewayError('OMNI_SHUTTING_DOWN', 'Omni is stopping');
}

/** Nobody reads it: what is answered to a client that has gone is dropped. */
function gone(): Refusal {
  return { error: new GatewayError('OMNI_CANCELLED', 'The client closed the connection') };
}
