import type { HeaderList, MessageChannel } from '@omni/ports';

/** A channel as a connection sees it: where each message is posted by itself (HTTP+SSE), it may have headers of its own; others take none. */
export interface HeadedChannel extends MessageChannel {
  /** @param headers - Go along with this message alone. */
  send(text: string, headers?: HeaderList): boolean;
}
