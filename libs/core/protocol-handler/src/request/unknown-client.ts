import type { ClientContext, Endpoint } from '@omni/model';
import type { Era, Principal } from '@omni/ports';

/** A client of which no more is known yet than who it is and where it has come in. */
export function unknownClient(principal: Principal, endpoint: Endpoint, era: Era): ClientContext {
  return { principal, era, endpoint, session: undefined, capabilities: '{}', clientInfo: '{}' };
}
