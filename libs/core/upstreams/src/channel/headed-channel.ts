import type { ChannelListener, GatewayError, HeaderList, MessageChannel } from '@omni/ports';

/**
 * A channel as a connection sees it: where each message is posted by itself (HTTP+SSE), it may have headers
 * of its own; others take none.
 */
export interface HeadedChannel extends MessageChannel {
  /** @param headers - Go along with this message alone. */
  send(text: string, headers?: HeaderList): boolean;
}

/** Told by such a channel. */
export interface HeadedListener extends ChannelListener {
  /** The server has not accepted the request with this id (as JSON), which concerns no other. */
  onRefused?(id: string, error: GatewayError): void;
}

/** Opens a channel of either kind. */
export type OpenHeadedChannel = (listener: HeadedListener) => HeadedChannel;
