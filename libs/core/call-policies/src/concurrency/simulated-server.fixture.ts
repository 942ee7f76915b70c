import type { Random } from '@omni/ports';
import type { VirtualClock } from '@omni/testing';
import type { AdaptiveLimit } from './adaptive-limit.ts';

/** A server that works on so many calls at the same time; others wait, and too many are refused. */
export class SimulatedServer {
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #waiting: (() => void)[] = [];
  #working = 0;
  /** How many at the same time. */
  capacity = 20;
  /** How long one takes, without waiting. */
  serviceMs = 50;
  /** Largest share of that by which chance makes it shorter or longer. */
  noise = 0.2;
  /** So many may wait; others are refused. */
  maxWaiting = Number.POSITIVE_INFINITY;
  /** The share of calls that fail by themselves. */
  errorShare = 0;

  constructor(clock: VirtualClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  call(done: (isWell: boolean) => void): void {
    if (this.#waiting.length >= this.maxWaiting) this.#clock.after(1, () => done(false));
    else {
      this.#waiting.push(() => {
        const ms = this.serviceMs * (1 + this.noise * (2 * this.#random() - 1));
        this.#clock.after(ms, () => {
          this.#working--;
          done(this.#random() >= this.errorShare);
          this.#work();
        });
      });
      this.#work();
    }
  }

  #work(): void {
    while (this.#working < this.capacity) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#working++;
      next();
    }
  }
}

/** Clients that always have another call, as many as the limit allows. */
export class EagerClients {
  readonly #clock: VirtualClock;
  readonly #limit: AdaptiveLimit;
  readonly #server: SimulatedServer;
  /** The most that they have under way, whatever the limit is. */
  wanted = 1_000;
  done = 0;

  constructor(clock: VirtualClock, limit: AdaptiveLimit, server: SimulatedServer) {
    this.#clock = clock;
    this.#limit = limit;
    this.#server = server;
  }

  /** @returns The mean of the limit in that time. */
  goOn(ms: number): number {
    let sum = 0;
    const steps = ms / 10;
    for (let step = 0; step < steps; step++) {
      this.#callAll();
      this.#clock.advance(10);
      sum += this.#limit.limit;
    }
    return sum / steps;
  }

  #callAll(): void {
    while (this.#limit.inFlight < Math.min(this.wanted, this.#limit.limit)) {
      const place = this.#limit.begin();
      this.#server.call((isWell) => {
        place.end(isWell ? 'answered' : 'overloaded');
        this.done++;
        this.#callAll();
      });
    }
  }
}
