import type { Socket } from 'node:net';
import {
  type ByteBudget,
  type CancelTimer,
  type ChannelListener,
  type GatewayError,
  type ByteReservation,
  type MessageChannel,
  systemClock,
  type UnreadHolder,
} from '@omni/ports';
import type { RawData, WebSocket } from 'ws';
import { errorCode } from '../files/error-code.ts';
import type { ChannelUnread } from './socket-channel.ts';
import { WriteTimeout } from './write-timeout.ts';
import { CLOSE, isGoodOrder, type WebSocketEnd } from './web-socket-end.ts';

/** Settings of {@link WebSocketChannel}. */
export interface WebSocketChannelOptions {
  /** Open or opening, made without compression and with the longest message as `maxPayload`. */
  readonly webSocket: WebSocket;
  /** Code of a close that we begin in good order. */
  readonly closeCode: typeof CLOSE.normal | typeof CLOSE.goingAway;
  /** Bytes that may wait for the other side to read them. Default 16 MiB. */
  readonly maxBacklogBytes?: number;
  /** Where the other side is a client: its socket, and how long it may take nothing of what waits for it. */
  readonly client?: { readonly socket: Socket; readonly writeTimeoutMs: number };
  /** Where the other side is a client: for answers that it has not read. */
  readonly unread?: ChannelUnread | undefined;
  /** For a message that is not complete. Default: none is counted. */
  readonly budget?: ByteBudget | undefined;
  /**
   * Time between pings; the connection is cut when two in a row had no answer before the next. Default
   * 30,000.
   */
  readonly pingMs?: number;
  /** What the end is told as. Default: in good order, whatever it was. */
  readonly explain?: (end: WebSocketEnd) => GatewayError | undefined;
  /** Called once, when the connection is gone. */
  readonly onGone?: () => void;
}

const DEFAULT_BACKLOG_BYTES = 16 * 1_048_576;
const DEFAULT_PING_MS = 30_000;
const MAX_UNANSWERED_PINGS = 2;
/** What the engine needs for a piece of a message beside its bytes. */
const PIECE_BYTES = 256;
/** Nobody pings so much during one message. */
const MAX_CONTROL_BYTES = 1_048_576;
/** How long the other side may take to read what was sent before the end, and to agree to it. */
const CLOSE_MS = 1_000;
/** How `ws` names breaches of the protocol, and what it closes with; all others are protocol errors. */
const BREACH = /^WS_ERR_/;
const CLOSE_CODES: ReadonlyMap<string, number> = new Map([
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', CLOSE.tooBig],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', CLOSE.tooBig],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', CLOSE.policy],
  ['WS_ERR_INVALID_UTF8', CLOSE.invalidText],
]);

/**
 * A WebSocket as a channel: one JSON-RPC message a text frame, stdio semantics.
 *
 * Binary frames are refused with 1008, longer messages with 1009, text that is not UTF-8 with 1007; a backlog
 * that was full when the owner closes, with 1013, as is a message that finds no room; a backlog of which
 * nothing is taken for too long, with 1008.
 *
 * @see decision 0009; MCP 2026-07-28, basic/transports, "Custom Transports".
 */
export class WebSocketChannel implements MessageChannel, UnreadHolder {
  readonly #listener: ChannelListener;
  readonly #options: WebSocketChannelOptions;
  readonly #maxBacklogBytes: number;
  readonly #gone: Promise<void>;
  #resolveGone: () => void = () => {};
  /** What was sent before the connection stood. */
  #early: string[] = [];
  #earlyBytes = 0;
  #isBacklogged = false;
  #isClosing = false;
  #hasOpened: boolean;
  #end: WebSocketEnd | undefined;
  #status: number | undefined;
  readonly #watch: WriteTimeout | undefined;
  #socket: Socket | undefined;
  readonly #room: ByteReservation | undefined;
  /** Bytes since the last message, those of control frames among them. */
  #arrivedBytes = 0;
  /** In so many pieces. */
  #arrivedPieces = 0;
  #controlBytes = 0;
  #unansweredPings = 0;
  #cancelPing: CancelTimer = () => {};
  #cancelClose: CancelTimer = () => {};

  constructor(listener: ChannelListener, options: WebSocketChannelOptions) {
    const { webSocket, client } = options;
    this.#listener = listener;
    this.#options = options;
    this.#maxBacklogBytes = options.maxBacklogBytes ?? DEFAULT_BACKLOG_BYTES;
    this.#gone = new Promise((resolve) => (this.#resolveGone = resolve));
    this.#watch =
      client &&
      new WriteTimeout(client.socket, {
        timeoutMs: client.writeTimeoutMs,
        onTimeout: () => this.#onTimeout(),
      });
    this.#room = options.budget?.share();
    this.#hasOpened = webSocket.readyState === webSocket.OPEN;
    webSocket.on('open', () => this.#onOpen());
    webSocket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    webSocket.on('pong', () => (this.#unansweredPings = 0));
    webSocket.on('unexpected-response', (_request, response) => {
      this.#status = response.statusCode;
      webSocket.terminate();
    });
    webSocket.on('error', (error) => this.#onError(error));
    webSocket.on('close', (code) => this.#onClose(code));
    webSocket.on('upgrade', ({ socket }) => (this.#socket = socket));
    this.#socket = client?.socket;
    if (this.#hasOpened) {
      this.#countArrivals();
      this.#awaitPing();
    }
  }

  get isOpen(): boolean {
    const { webSocket } = this.#options;
    const { readyState } = webSocket;
    return !this.#isClosing && (readyState === webSocket.OPEN || readyState === webSocket.CONNECTING);
  }

  get sharer(): string {
    return this.#options.unread?.sharer ?? '';
  }

  get unreadBytes(): number {
    return this.#options.webSocket.bufferedAmount;
  }

  cut(): void {
    this.#options.unread?.onCut(this.unreadBytes);
    // A farewell would wait behind all that is not read.
    this.#options.webSocket.terminate();
  }

  send(text: string): boolean {
    const { webSocket, client } = this.#options;
    if (this.#isClosing) return false;
    const backlog = this.#earlyBytes + webSocket.bufferedAmount;
    const bytes = Buffer.byteLength(text);
    this.#isBacklogged = backlog > 0 && backlog + bytes > this.#maxBacklogBytes;
    // guard: upgrade/slow-reader
    if (this.#isBacklogged) return false;
    if (webSocket.readyState === webSocket.OPEN) {
      webSocket.send(text);
      // guard: upgrade/stall
      this.#watch?.onWritten();
      if (webSocket.bufferedAmount > 0) this.#options.unread?.answers.note(this);
      return true;
    }
    // A client has said farewell, and its end is told in a moment: what is lost until then is no sign that it
    // does not read.
    if (webSocket.readyState === webSocket.CLOSING && client !== undefined) return true;
    if (webSocket.readyState !== webSocket.CONNECTING) return false;
    this.#early.push(text);
    this.#earlyBytes += bytes;
    return true;
  }

  close(): Promise<void> {
    this.#close(this.#isBacklogged ? CLOSE.tryAgainLater : this.#options.closeCode);
    return this.#gone;
  }

  #close(code: number): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { webSocket } = this.#options;
    this.#cancelPing();
    this.#watch?.stop();
    if (webSocket.readyState === webSocket.CLOSED) return;
    this.#cancelClose = systemClock.after(CLOSE_MS, () => webSocket.terminate());
    webSocket.close(code);
  }

  #onOpen(): void {
    this.#hasOpened = true;
    this.#countArrivals();
    const early = this.#early;
    this.#early = [];
    this.#earlyBytes = 0;
    for (const text of early) this.#options.webSocket.send(text);
    this.#awaitPing();
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#isClosing) return;
    // A busy connection is alive, even when its pong waits behind a long message.
    this.#unansweredPings = 0;
    this.#forgetArrivals();
    // guard: upgrade/binary
    if (isBinary) return this.#violated(CLOSE.policy);
    // With the default `binaryType` a message is one Buffer.
    const text = (data as Buffer).toString('utf8');
    if (text !== '') this.#listener.onMessage(text);
  }

  /**
   * `ws` keeps what comes until it is a message, and does not say how much that is. A part of a message keeps
   * all of the piece alive in which it came, whatever else was in it.
   */
  #countArrivals(): void {
    if (this.#room === undefined) return;
    // Before `ws` itself, which tells of the messages in it.
    this.#socket?.prependListener('data', (chunk: Buffer) => this.#onArrival(chunk.length));
    const { webSocket, client } = this.#options;
    // What a client sends is masked (RFC 6455, 5.2).
    const headBytes = client === undefined ? 2 : 6;
    const onControl = (data: Buffer): void => this.#onControl(headBytes + data.length);
    webSocket.on('ping', onControl);
    webSocket.on('pong', onControl);
  }

  #onArrival(bytes: number): void {
    this.#arrivedBytes += bytes;
    this.#arrivedPieces++;
    const held = this.#arrivedBytes + this.#arrivedPieces * PIECE_BYTES;
    if (this.#isClosing || this.#room === undefined || /* guard: upgrade/room */ this.#room.hold(held))
      return;
    this.#end = { kind: 'no-room' };
    this.#close(CLOSE.tryAgainLater);
    const { webSocket, client } = this.#options;
    // A client may read why; calls that wait for a server need not wait for its farewell.
    if (client === undefined) webSocket.terminate();
    else webSocket.pause();
  }

  #onControl(bytes: number): void {
    this.#controlBytes += bytes;
    // Nothing but control frames has come, so that there is no message that has begun.
    if (this.#controlBytes >= this.#arrivedBytes) return this.#forgetArrivals();
    // guard: upgrade/control-flood
    if (this.#controlBytes > MAX_CONTROL_BYTES && !this.#isClosing) this.#violated(CLOSE.policy);
  }

  #forgetArrivals(): void {
    this.#arrivedBytes = 0;
    this.#arrivedPieces = 0;
    this.#controlBytes = 0;
    this.#room?.release();
  }

  #violated(code: number): void {
    this.#end = { kind: 'violated', code };
    this.#close(code);
  }

  #onTimeout(): void {
    this.#end = { kind: 'stalled' };
    this.#close(CLOSE.policy);
  }

  #onError(error: Error): void {
    if (this.#isClosing) return;
    const code = errorCode(error);
    if (!this.#hasOpened)
      this.#end = { kind: 'refused', reason: code ?? error.message, status: this.#status };
    else if (code === undefined || !BREACH.test(code))
      this.#end = { kind: 'broken', reason: code ?? 'UNKNOWN' };
    else this.#violated(CLOSE_CODES.get(code) ?? CLOSE.protocolError);
  }

  #onClose(code: number): void {
    const wasAsked = this.#isClosing && this.#end === undefined;
    this.#isClosing = true;
    this.#cancelPing();
    this.#watch?.stop();
    this.#cancelClose();
    this.#room?.release();
    this.#options.unread?.answers.forget(this);
    let end: WebSocketEnd;
    if (wasAsked) end = { kind: 'closed' };
    else if (this.#end !== undefined) end = this.#end;
    else if (isGoodOrder(code)) end = { kind: 'closed' };
    else end = code === CLOSE.abnormal ? { kind: 'broken', reason: 'CLOSED' } : { kind: 'complained', code };
    this.#listener.onClose(this.#options.explain?.(end));
    this.#options.onGone?.();
    this.#resolveGone();
  }

  #awaitPing(): void {
    this.#cancelPing = systemClock.after(this.#options.pingMs ?? DEFAULT_PING_MS, () => {
      const { webSocket } = this.#options;
      // A pong would wait behind what the other side has yet to read, however slowly.
      if (this.#watch?.isWatching === true) return this.#awaitPing();
      // guard: upgrade/dead
      if (this.#unansweredPings >= MAX_UNANSWERED_PINGS) {
        this.#end = { kind: 'broken', reason: 'PING_UNANSWERED' };
        return webSocket.terminate();
      }
      this.#unansweredPings++;
      webSocket.ping();
      this.#awaitPing();
    });
  }
}
