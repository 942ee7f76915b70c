import type { ClientContext } from '@omni/model';
import type { UpstreamSpec } from '@omni/ports';

/**
 * Whose legacy instance a request runs on: that of all clients, of the session, of the equal clients of one
 * principal, or one that lives for this request alone.
 */
export type InstanceUse = 'shared' | 'session' | 'client' | 'request';

/** @param isCapable - Whether a server can make use of what the client declares; `auto` alone asks. */
export function instanceUse(
  policy: UpstreamSpec['instances'],
  { session }: ClientContext,
  isCapable: boolean,
): InstanceUse {
  switch (policy) {
    case 'shared':
      return 'shared';
    case 'per-user':
      return 'client';
    case 'per-request':
      return 'request';
    case 'auto':
      if (!isCapable) return 'shared';
      return session === undefined ? 'client' : 'session';
    case 'per-session':
      // In the modern era there are none: a user takes their place.
      return session === undefined ? 'client' : 'session';
  }
}
