import { GatewayError } from '@omni/ports';

/** Why no more is taken of a message: what all upstreams have held together is too much. */
export function noRoomError(upstream: string): GatewayError {
  return new GatewayError(
    'OMNI_MEMORY_FULL',
    `The budget for unfinished messages is full, so one of "${upstream}" was dropped (limits.maxUnfinishedBytes)`,
  );
}
