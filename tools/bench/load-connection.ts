import type { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { faultOfAnswer, faultOfList, isRefusal } from './answer-check.ts';
import { HttpMessageReader } from './http-message-reader.ts';
import type { Lane, OnCallEnd } from './lane.ts';
import {
  createCallWriter,
  createListWriter,
  FIRST_CALL_ID,
  initializeRequest,
  mcpRequest,
  requestText,
} from './request-text.ts';
import type { Target } from './target.ts';

const SESSION_HEADER = /\r\nmcp-session-id: *([^\r]+)/i;

/** What a connection needs to know. */
export interface LoadConnectionOptions {
  readonly target: Target;
  /** What and how much, see {@link LoadJob}. A list is called without a session. */
  readonly what: 'echo' | 'tools/list';
  readonly bytes: number;
  readonly onCallEnd: OnCallEnd;
}

/**
 * One keep-alive connection with at most one call on it. After a broken call it connects again before it is
 * free.
 */
export class LoadConnection implements Lane {
  readonly #options: LoadConnectionOptions;
  #socket: Socket | undefined;
  #writeCall: (id: number) => string;
  #callId = 0;
  /** Set while the handshake runs; takes the next answer instead of the call. */
  #onHandshakeAnswer: ((head: string) => void) | undefined;
  #closed = false;
  dueAt = 0;

  constructor(options: LoadConnectionOptions) {
    this.#options = options;
    this.#writeCall =
      options.what === 'echo'
        ? createCallWriter(options.target, options.bytes)
        : createListWriter(options.target);
  }

  get isBusy(): boolean {
    return this.#callId !== 0;
  }

  /**
   * Connects and, for a legacy target, opens a session. Rejects when the connection breaks before it is
   * usable.
   */
  async open(): Promise<void> {
    const { host, port } = this.#options.target;
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    const reader = new HttpMessageReader((head, body) => this.#onMessage(head, body));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.removeAllListeners('error');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.on('close', () => this.#onClose(socket));
    if (this.#options.target.dialect === 'legacy') await this.#openSession();
  }

  send(id: number, dueAt: number): void {
    this.#callId = id;
    this.dueAt = dueAt;
    this.#socket?.write(this.#writeCall(id), 'latin1');
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  #onMessage(head: string, body: readonly Buffer[]): void {
    if (this.#onHandshakeAnswer !== undefined) {
      this.#onHandshakeAnswer(head);
      return;
    }
    if (this.#callId === 0) return;
    const { target, bytes, what } = this.#options;
    const expected = { dialect: target.dialect, id: this.#callId, bytes };
    const fault = what === 'echo' ? faultOfAnswer(head, body, expected) : faultOfList(head, body, expected);
    this.#endCall(fault !== undefined && isRefusal(body) ? 'refusal' : fault);
  }

  #endCall(fault: string | undefined): void {
    this.#callId = 0;
    this.#options.onCallEnd(this, fault);
  }

  #onClose(socket: Socket): void {
    if (this.#closed || socket !== this.#socket) return;
    this.#socket = undefined;
    this.open().then(
      () => {
        if (this.isBusy) this.#endCall('closed');
      },
      () => {
        if (this.isBusy) this.#endCall('refused');
      },
    );
  }

  async #openSession(): Promise<void> {
    const { target, bytes } = this.#options;
    const head = await this.#handshake(requestText(target, initializeRequest(target, FIRST_CALL_ID - 1)));
    const session = SESSION_HEADER.exec(head)?.[1];
    const initialized = mcpRequest(target, { method: 'notifications/initialized', params: {} }, session);
    await this.#handshake(requestText(target, initialized));
    this.#writeCall = createCallWriter(target, bytes, session);
  }

  #handshake(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const onClose = (): void => reject(new Error('the connection closed while a session was opened'));
      this.#socket?.once('close', onClose);
      this.#onHandshakeAnswer = (head) => {
        this.#onHandshakeAnswer = undefined;
        this.#socket?.off('close', onClose);
        resolve(head);
      };
      this.#socket?.write(text, 'latin1');
    });
  }
}
