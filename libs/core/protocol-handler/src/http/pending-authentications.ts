import { type Clock, GatewayError, type Principal, type Refusal } from '@omni/ports';
import type { EndpointRequest } from './endpoint-request.ts';

/** All together. One peer address has at most as many as are free: whoever asks for many leaves half of them to others. */
const MAX_PENDING = 1_000;
const DEADLINE_MS = 10_000;
/** Asked for and not answered, those whose clients have gone or were refused included: nothing ends these but their answer. */
const MAX_UNANSWERED = 10_000;

/**
 * Authentications that take time: bounded in number, each with a deadline. The request behind one is held as it came; nothing of
 * its body is read.
 */
export class PendingAuthentications {
  readonly #clock: Clock;
  /** What ends each. */
  readonly #pending = new Set<(refusal: Refusal) => void>();
  readonly #ofPeer = new Map<string, number>();
  #isClosed = false;
  #unanswered = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
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
   * @returns The answer; a refusal when there is no room, when it does not come in time, when the client goes, or when Omni stops.
   */
  wait(
    answer: Promise<Principal | Refusal>,
    request: EndpointRequest,
  ): Refusal | Promise<Principal | Refusal> {
    this.#unanswered++;
    void answer.then(() => this.#unanswered--);
    if (this.#isClosed) return stopping();
    const peer = request.peerAddress ?? '';
    const ofPeer = this.#ofPeer.get(peer) ?? 0;
    // guard: pending/room
    if (ofPeer >= MAX_PENDING - this.#pending.size) return full();
    this.#ofPeer.set(peer, ofPeer + 1);
    return new Promise((resolve) => {
      const end = (verdict: Principal | Refusal): void => {
        if (!this.#pending.delete(end)) return;
        cancelDeadline();
        this.#leave(peer);
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
    for (const end of this.#pending) end(stopping());
  }

  #leave(peer: string): void {
    const rest = (this.#ofPeer.get(peer) ?? 0) - 1;
    if (rest > 0) this.#ofPeer.set(peer, rest);
    else this.#ofPeer.delete(peer);
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

function stopping(): Refusal {
  return { error: new GatewayError('OMNI_SHUTTING_DOWN', 'Omni is stopping') };
}

/** Nobody reads it: what is answered to a client that has gone is dropped. */
function gone(): Refusal {
  return { error: new GatewayError('OMNI_CANCELLED', 'The client closed the connection') };
}
