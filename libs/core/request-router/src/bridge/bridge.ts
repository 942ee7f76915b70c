import type { RunningCall } from '@omni/model';
import type { Clock } from '@omni/ports';
import type { ElicitationLabels } from '../call/elicitation-labels.ts';
import { ConnectionLogLevels } from '../log-levels/connection-log-levels.ts';
import type { BridgeContext } from './bridge-context.ts';
import { ParkedCalls } from './parked-calls.ts';
import { ParkingCall } from './parking-codec.ts';
import { ReturningCall, type ReturningCallOptions } from './returning-call.ts';
import { RoundTripCall } from './round-trip-codec.ts';
import type { StateSeal } from '../seal/state-seal.ts';

export interface BridgeOptions {
  readonly clock: Clock;
  readonly seal: StateSeal;
  readonly labels: ElicitationLabels;
}

/** Takes calls from one era to the other. */
export class Bridge {
  readonly levels: ConnectionLogLevels;
  readonly #clock: Clock;
  readonly #labels: ElicitationLabels;
  readonly #parks: ParkedCalls<ParkingCall>;

  constructor({ clock, seal, labels }: BridgeOptions) {
    this.#clock = clock;
    this.#labels = labels;
    this.levels = new ConnectionLogLevels(clock);
    this.#parks = new ParkedCalls({ clock, seal });
  }

  /** @param bridgeContext - Its connection is of another era than its client. */
  start(bridgeContext: BridgeContext): RunningCall {
    const call = this.#callFor(bridgeContext);
    call.start();
    return call;
  }

  /** Takes a request that brings a state back to the call that waits for it. */
  resume(options: Omit<ReturningCallOptions, 'parks'>): RunningCall {
    const call = new ReturningCall({ ...options, parks: this.#parks });
    call.start();
    return call;
  }

  #callFor(bridgeContext: BridgeContext): RunningCall & { start(): void } {
    if (bridgeContext.connection.era === 'modern')
      return new RoundTripCall(bridgeContext, { clock: this.#clock, labels: this.#labels });
    return new ParkingCall({ bridgeContext, parks: this.#parks, levels: this.levels, labels: this.#labels });
  }
}
