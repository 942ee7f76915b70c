import type { Socket } from 'node:net';
import {
  type ByteBudget,
  type ChannelListener,
  type GatewayError,
  type MessageChannel,
  systemClock,
  type UnreadAnswers,
  type UnreadHolder,
} from '@omni/ports';
import { LineSplitter } from './line-splitter.ts';
import { LineWriter } from './line-writer.ts';
import { WriteTimeout } from './write-timeout.ts';

/** Settings of {@link SocketChannel}. */
export interface SocketChannelOptions {
  /**
   * Connected or connecting; nothing else reads from it or writes to it, and it is not half-open by choice.
   */
  readonly socket: Socket;
  /** Longest line that is read. */
  readonly maxMessageBytes: number;
  /** Bytes that may wait for the other side to read them. Default 16 MiB. */
  readonly maxBacklogBytes?: number;
  /**
   * How long the other side may take nothing of what waits for it, see {@link SocketWriteTimeout}. Default:
   * for ever.
   */
  readonly writeTimeoutMs?: number;
  /** For a line that is not complete. Default: none is counted. */
  readonly budget?: ByteBudget | undefined;
  /** Where the other side is a client: for answers that it has not read. */
  readonly unread?: ChannelUnread | undefined;
  /** What an end that is not in good order is told as. Default: as any other end. */
  readonly onBroken?: (cause: Error, hasConnected: boolean) => GatewayError | undefined;
  /** Called once, when the socket is gone. */
  readonly onGone?: () => void;
}

/** What a client does not read of a channel, among what others do not read. */
export interface ChannelUnread {
  readonly answers: UnreadAnswers;
  /** See `sharerOf`. */
  readonly sharer: string;
  /** It had most, and is cut. */
  readonly onCut: (unreadBytes: number) => void;
}

const DEFAULT_BACKLOG_BYTES = 16 * 1_048_576;
/** How long the other side may take to read what was sent before the end, and to end its own side. */
const CLOSE_MS = 1_000;
/** Silence after which the system asks whether the other machine is still there. */
const KEEP_ALIVE_MS = 30_000;

/** The other side has taken nothing for too long. */
export class SocketWriteTimeout extends Error {
  readonly code = 'STALLED';
}

/**
 * A stream socket as a channel: one message a line, as on stdio (MCP 2026-07-28, basic/transports, "Custom
 * Transports").
 */
export class SocketChannel implements MessageChannel, UnreadHolder {
  readonly #listener: ChannelListener;
  readonly #options: SocketChannelOptions;
  readonly #splitter: LineSplitter;
  readonly #writer: LineWriter;
  readonly #watch: WriteTimeout | undefined;
  readonly #gone: Promise<void>;
  #resolveGone: () => void = () => {};
  #closing: Promise<void> | undefined;
  #hasConnected: boolean;
  #failure: Error | undefined;
  #isOver = false;

  constructor(listener: ChannelListener, options: SocketChannelOptions) {
    const { socket } = options;
    this.#listener = listener;
    this.#options = options;
    this.#splitter = new LineSplitter(listener, options.maxMessageBytes, options.budget);
    const { writeTimeoutMs } = options;
    const onTimeout = (): void => void socket.destroy(new SocketWriteTimeout());
    const watch =
      writeTimeoutMs === undefined
        ? undefined
        : new WriteTimeout(socket, { timeoutMs: writeTimeoutMs, onTimeout });
    this.#watch = watch;
    this.#writer = new LineWriter(
      socket,
      options.maxBacklogBytes ?? DEFAULT_BACKLOG_BYTES,
      watch &&
        ((): void => {
          watch.onWritten();
          if (this.unreadBytes > 0) options.unread?.answers.note(this);
        }),
    );
    this.#gone = new Promise((resolve) => (this.#resolveGone = resolve));
    this.#hasConnected = !socket.connecting;
    // The writer gathers what belongs together.
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('connect', () => (this.#hasConnected = true));
    socket.on('data', (chunk: Buffer) => {
      if (this.#closing === undefined) this.#splitter.push(chunk);
    });
    socket.on('error', (error) => (this.#failure = error));
    socket.on('end', () => {
      this.#end(undefined);
      void this.close();
    });
    socket.on('close', () => this.#onGone());
  }

  get isOpen(): boolean {
    return this.#closing === undefined && this.#writer.isOpen;
  }

  get sharer(): string {
    return this.#options.unread?.sharer ?? '';
  }

  get unreadBytes(): number {
    return this.#writer.queuedBytes + this.#options.socket.writableLength;
  }

  cut(): void {
    this.#options.unread?.onCut(this.unreadBytes);
    this.#options.socket.destroy();
  }

  send(text: string): boolean {
    return this.#closing === undefined && this.#writer.send(text);
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    const { socket } = this.#options;
    if (!this.#hasConnected) socket.destroy();
    const cancel = systemClock.after(CLOSE_MS, () => socket.destroy());
    await this.#writer.finish();
    // The other side ends its own then. To destroy it here could take back what it has not read yet.
    socket.end();
    await this.#gone;
    cancel();
  }

  #onGone(): void {
    this.#watch?.stop();
    this.#writer.abandon();
    const { onBroken, onGone, unread } = this.#options;
    unread?.answers.forget(this);
    const failure = this.#closing === undefined ? this.#failure : undefined;
    this.#end(failure === undefined ? undefined : onBroken?.(failure, this.#hasConnected));
    this.#splitter.drop();
    onGone?.();
    this.#resolveGone();
  }

  #end(reason: GatewayError | undefined): void {
    if (this.#isOver) return;
    // A last line without its end is one, unless the connection broke in the middle of it.
    if (this.#closing === undefined && this.#failure === undefined) this.#splitter.end();
    this.#isOver = true;
    this.#listener.onClose(reason);
  }
}
