import { TokenCheck } from '@omni/auth';
import type { Logger, MountedFront } from '@omni/ports';
import type { Authentication, HostCheck, ProtocolHandler } from '@omni/protocol';
import type { ClientMemory } from './client-memory.ts';

export interface FrontOptions {
  /**
   * Who sends a request where the host does not say it. Default: the authentication of the server; where that
   * would let in everybody or nobody, who the host does not name is refused.
   */
  readonly authentication?: Authentication | undefined;
  /**
   * Which `Host` and `Origin` a request may have. `done`: the host has checked both, and answers browsers
   * that ask for permission. Default: the rules of the configuration (`server.host`, `server.allowedHosts`,
   * `server.allowedOrigins`), by which only this machine's own names are good unless others are given.
   */
  readonly hostCheck?: HostCheck | 'done' | undefined;
}

/** What a front is made of. */
export interface FrontParts {
  readonly protocol: Pick<ProtocolHandler, 'handlerWith'>;
  /** Of the server's own listeners. */
  readonly authentication: Authentication;
  readonly memory: ClientMemory;
  readonly logger: Logger;
}

const LETS_IN_NOBODY = new TokenCheck({ mode: 'token', tokens: [] });
const CHECKED_BY_HOST: HostCheck = { check: () => undefined, lists: () => false };

/** A server as the input of adapters that mount it in somebody else's. */
export function mountedFront(parts: FrontParts, { authentication, hostCheck }: FrontOptions): MountedFront {
  const known = authentication ?? ofClients(parts.authentication);
  const { budget, unread } = parts.memory;
  return {
    handle: parts.protocol.handlerWith({
      authentication: known ?? /* guard: mount/nobody-known */ LETS_IN_NOBODY,
      ...(hostCheck !== undefined && { hostCheck: hostCheck === 'done' ? CHECKED_BY_HOST : hostCheck }),
    }),
    authenticates: known !== undefined,
    budget,
    unread,
    logger: parts.logger,
  };
}

/**
 * In open mode everybody is let in because a listener of Omni's own would not open to other machines; what
 * the host's listens on is not known here.
 */
function ofClients(authentication: Authentication): Authentication | undefined {
  return authentication instanceof TokenCheck && !authentication.isSelective ? undefined : authentication;
}
