import { GatewayError } from '@omni/ports';

/** Why no more is taken of a message: what all upstreams have held together is too much. */
export function noRoomError(upstream: string): GatewayError {
  return new GatewayError(
    'OMNI_MEMORY_FULL',
    `Omni holds too much of unfinished messages to take the rest of one of "${upstream}" (limits.maxUnfinishedBytes)`,
  );
}
