import type { RpcMessage } from '@omni/jsonrpc';
import type { HeaderList, Millis } from '@omni/ports';
import type { ClientContext } from '../client/client-context.ts';
import type { FailedOutcome } from './reply-sink.ts';

/** One request of a client, from the front to the end of its {@link Outcome}. */
export interface CallContext {
  readonly message: RpcMessage;
  readonly client: ClientContext;
  /** Monotonic: when it was read. Default: when it is dispatched. */
  readonly arrivedMs?: Millis;
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
  /** Whether any of it has left for a server: its connection says so. Absent: nothing has. */
  wasSent?: boolean;
  /** Makes of a failure what everybody is told: set by a stage. Absent: they are told the failure. */
  tellFailure?: TellFailure;
}

/** @returns How the request ends instead. */
export type TellFailure = (failure: FailedOutcome) => FailedOutcome;
