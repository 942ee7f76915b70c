import type { GatewayError } from '../errors/gateway-error.ts';

/** Told what arrives on a {@link MessageChannel}. */
export interface ChannelListener {
  /**
   * One message: text of one line or frame, valid UTF-8, without the line end, never empty. May be anything
   * but is usually JSON.
   */
  onMessage(text: string): void;
  /** Bytes that cannot be a message were skipped: not UTF-8, or over a limit. */
  onFramingError(problem: FramingError): void;
  /**
   * Called exactly once, last. `undefined` means that the other side ended in good order or {@link
   * MessageChannel.close} was called.
   */
  onClose(reason: GatewayError | undefined): void;
}

export type FramingError =
  | { readonly kind: 'not-utf8' }
  /** `limitBytes` was exceeded; the message was dropped and reading goes on behind its end. */
  | { readonly kind: 'oversize'; readonly limitBytes: number }
  /** Together with what others hold it was too much; dropped in the same way. */
  | { readonly kind: 'no-room' };

/** A reliable two-way stream of whole messages: a child's stdio, a socket, a pair in memory. */
export interface MessageChannel {
  /**
   * `false` as soon as nothing more can be sent; {@link ChannelListener.onClose} tells why, perhaps a moment
   * later. Absent where it is told at once.
   */
  readonly isOpen?: boolean;
  /**
   * Sends one message. Never throws.
   *
   * @param text - Without line breaks.
   * @returns `false` when it was not taken: the channel is closed or its backlog is full.
   */
  send(text: string): boolean;
  /** Ends the channel and whatever stands behind it; resolves when that is gone. */
  close(): Promise<void>;
}

/** Opens a channel; the listener is not called before this returns. */
export type OpenChannel = (listener: ChannelListener) => MessageChannel;
