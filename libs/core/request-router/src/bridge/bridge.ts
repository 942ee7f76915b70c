import type { Clock } from '@omni/ports';
import type { RunningCall } from '@omni/wire';
import type { AskerNames } from '../asker-names.ts';
import { LinkLogLevels } from '../link-log-levels.ts';
import type { Crossing } from './bridged-call.ts';
import { ParkedCalls } from './parked-calls.ts';
import { ParkingCall } from './parking-call.ts';
import { ReturningCall, type ReturningCallOptions } from './returning-call.ts';
import { RoundTripCall } from './round-trip-call.ts';
import type { StateSeal } from './state-seal.ts';

export interface BridgeOptions {
  readonly clock: Clock;
  readonly seal: StateSeal;
  readonly askers: AskerNames;
}

/** Takes calls from one era to the other. */
export class Bridge {
  readonly levels: LinkLogLevels;
  readonly #clock: Clock;
  readonly #askers: AskerNames;
  readonly #parks: ParkedCalls<ParkingCall>;

  constructor({ clock, seal, askers }: BridgeOptions) {
    this.#clock = clock;
    this.#askers = askers;
    this.levels = new LinkLogLevels(clock);
    this.#parks = new ParkedCalls({ clock, seal });
  }

  /** @param crossing - Its link is of another era than its client. */
  start(crossing: Crossing): RunningCall {
    const call = this.#callFor(crossing);
    call.start();
    return call;
  }

  /** Takes a request that brings a state back to the call that waits for it. */
  resume(options: Omit<ReturningCallOptions, 'parks'>): RunningCall {
    const call = new ReturningCall({ ...options, parks: this.#parks });
    call.start();
    return call;
  }

  #callFor(crossing: Crossing): RunningCall & { start(): void } {
    if (crossing.link.era === 'modern') return new RoundTripCall(crossing, { clock: this.#clock, askers: this.#askers });
    return new ParkingCall({ crossing, parks: this.#parks, levels: this.levels, askers: this.#askers });
  }
}
