import type { ByteBudget } from '../memory/byte-budget.ts';
import type { ChannelListener, MessageChannel } from './message-channel.ts';
import type { SocketAddress } from './socket-address.ts';

/** Where a server waits for a channel. */
export type DialTarget =
  /** `url` is absolute, `ws:` or `wss:`; `headers` go into the upgrade request. */
  | { readonly kind: 'websocket'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
  /** One message a line. */
  | { readonly kind: 'socket'; readonly address: SocketAddress };

/** What to connect, and within which limits. */
export interface DialSpec {
  /** Name of the upstream, for messages. */
  readonly upstream: string;
  readonly target: DialTarget;
  /** Longest message that is read. */
  readonly maxMessageBytes: number;
  /** For messages that are not complete. Default: none is counted. */
  readonly budget?: ByteBudget;
}

/**
 * Connects upstreams that are reached by one persistent connection.
 *
 * `send` may be called before the connection stands. A connection that cannot be made closes the channel with
 * `OMNI_UPSTREAM_UNREACHABLE` and `data.phase` `connect`; one that breaks with the same and `body`; an end in
 * good order has no reason. A message beyond a limit is reported and skipped where the framing allows, and
 * ends the channel with `OMNI_UPSTREAM_TOO_LARGE` or `OMNI_MEMORY_FULL` elsewhere.
 */
export interface ChannelDialer {
  dial(spec: DialSpec, listener: ChannelListener): MessageChannel;
  /** Ends every channel that is still open. */
  close(): Promise<void>;
}
