import type { RpcMessage } from '@omni/jsonrpc';
import type { HeaderList, Millis } from '@omni/ports';
import type { ClientContext } from '../client/client-context.ts';

/** One request of a client, from the front to the end of its {@link Outcome}. */
export interface CallContext {
  readonly message: RpcMessage;
  readonly client: ClientContext;
  /**
   * `Mcp-Param-*` headers as received; `undefined` for clients that have no headers or need to send none
   * (other transports, legacy era).
   */
  readonly paramHeaders: HeaderList | undefined;
  /**
   * What some server may be told of the client's headers, see {@link forwardableHeaders}; absent where there
   * are none.
   */
  readonly forwardable?: HeaderList | undefined;
  /** When it came, on the monotonic clock, where it has waited since; absent: just now. */
  readonly arrivedMs?: Millis | undefined;
}
