import type { OpenChannel, Principal } from '@omni/ports';
import type { ServedChannel } from './served-channel.ts';
import type { UpgradeDecision } from './web-socket-upgrades.ts';

export const ADA: Principal = { id: 'ada', kind: 'token' };

/** Of a channel that is never idle. */
export const IN_USE: ServedChannel = { idleSinceMs: undefined };

/** Lets Ada have her WebSocket. */
export function accepted(serve: (open: OpenChannel) => unknown, served = IN_USE): UpgradeDecision {
  return {
    kind: 'accepted',
    principal: ADA,
    serve: (open) => {
      serve(open);
      return served;
    },
  };
}
