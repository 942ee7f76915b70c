import type { Clock } from '@omni/ports';
import type { ConnectionLogLevels } from '../log-levels/connection-log-levels.ts';
import type { StateSeal } from '../seal/state-seal.ts';
import type { BridgeContext } from './bridge-context.ts';
import type { EraCodec } from './era-codec.ts';
import type { ParkedCall } from './parked-call.ts';
import { ParkedCalls } from './parked-calls.ts';
import { ParkingCodec, type ReturnedState } from './parking-codec.ts';
import { RoundTripCodec } from './round-trip-codec.ts';

export interface BridgeOptions {
  readonly clock: Clock;
  readonly seal: StateSeal;
  readonly levels: ConnectionLogLevels;
  readonly definitionOf: (upstream: string) => string | undefined;
}

/** Takes calls from one era to the other. */
export class Bridge {
  /** Calls that wait for their clients. */
  readonly parks: ParkedCalls<ParkedCall>;
  readonly #clock: Clock;
  readonly #levels: ConnectionLogLevels;

  constructor({ clock, seal, levels, definitionOf }: BridgeOptions) {
    this.#clock = clock;
    this.#levels = levels;
    this.parks = new ParkedCalls({ clock, seal, definitionOf });
  }

  /**
   * @param bridgeContext - Its connection is of another era than its client.
   * @param returned - What the request has brought back, for a legacy server; a modern server reads its state
   * itself.
   */
  codecFor(bridgeContext: BridgeContext, returned: ReturnedState | undefined): EraCodec {
    if (bridgeContext.connection.era === 'modern') return new RoundTripCodec(bridgeContext, this.#clock);
    return new ParkingCodec({ bridgeContext, returned, parks: this.parks, levels: this.#levels });
  }
}
