import type { CancelTimer, ChannelListener, GatewayError } from '@omni/ports';
import type { Choices } from '../engine/choices.ts';
import type { SimulatedTime } from '../engine/simulated-time.ts';
import type { LedgerCall } from './call-ledger.ts';
import { listChangedText, type McpServer, responseText, type ServerMessage } from './mcp-server.ts';

export interface ChannelServerOptions {
  readonly server: McpServer;
  readonly time: SimulatedTime;
  readonly choices: Choices;
  readonly listener: ChannelListener;
  /** Ends by itself, in the way of its transport. */
  readonly onExit: (how: string) => void;
  /** It serves clients that must not share it. */
  readonly onShared: (what: string) => void;
}

/** Between two signs of life of a call that has no end. */
const PROGRESS_MS = 1_000;
const MAX_PROGRESS = 600;
const LATE_MS = 1;

/** Between two notifications of a storm. */
const STORM_MS = 25;
/** A queue that nobody reads takes so much. */
const MAX_QUEUED = 64;

/** A server at the other end of a channel: a process, a socket, or code in the same process. */
export class ChannelServer {
  readonly #options: ChannelServerOptions;
  /** What waits until the server reads; `undefined` once it does. */
  #queue: string[] | undefined = [];
  /** Kept from one that stands still. */
  readonly #late: string[] = [];
  readonly #cancelled = new Set<unknown>();
  readonly #listens = new Set<number | string>();
  readonly #principals = new Set<string>();
  #calls = 0;
  /** Whether it was told that its clients can be asked. */
  #mayAsk = false;
  /** Whether something did not fit in: what was taken back may have been among it. */
  #hasRefused = false;
  #isOpen = true;
  #isReady = false;
  #cancelStorm: CancelTimer | undefined;

  constructor(options: ChannelServerOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** It reads from now on. */
  begin(): void {
    if (!this.#isOpen) return;
    const queued = this.#queue ?? [];
    this.#queue = undefined;
    for (const text of queued) this.#read(text);
  }

  /** @returns Whether it was taken. */
  receive(text: string): boolean {
    if (!this.#isOpen) return false;
    const { server } = this.#options;
    const message = server.read(text);
    // What lies in a pipe was sent, whether it is read or not.
    if (server.host.has('full-pipe') && this.#late.length >= MAX_QUEUED) {
      this.#hasRefused = true;
      return false;
    }
    if (message.method === 'initialize') this.#mayAsk = 'sampling' in capabilitiesIn(message.params);
    this.#checkCaller(server.receive(message), text);
    if (server.host.has('full-pipe')) this.#late.push(text);
    else if (this.#queue !== undefined) this.#queue.push(text);
    else this.#read(text);
    return true;
  }

  /** Nothing is sent or read any more. */
  close(): void {
    this.#isOpen = false;
    this.#cancelStorm?.();
  }

  /** It stands still no longer. */
  catchUp(): void {
    for (const text of this.#late.splice(0)) if (this.#isOpen) this.#read(text, LATE_MS);
  }

  announceList(): void {
    if (!this.#isOpen || !this.#isReady) return;
    if (this.#options.server.host.plan.era === 'legacy') this.#emit(listChangedText(undefined));
    else for (const id of this.#listens) this.#emit(listChangedText(id));
  }

  beginStorm(): void {
    this.#cancelStorm?.();
    const { time, server } = this.#options;
    const blow = (): void => {
      if (!this.#isOpen || !server.host.has('list-storm')) return;
      this.announceList();
      this.#cancelStorm = time.after(STORM_MS, blow);
    };
    blow();
  }

  /** @param leastMs - Until an answer: what waits behind it may take the question back. */
  #read(text: string, leastMs = 0): void {
    const { server, time, onExit } = this.#options;
    const { host } = server;
    if (host.has('hang-then-late')) {
      this.#late.push(text);
      return;
    }
    const message = server.read(text);
    const { id, method, params } = message;
    if (id === undefined) {
      if (method === 'notifications/cancelled') {
        this.#cancelled.add(params['requestId']);
        this.#listens.delete(params['requestId'] as number | string);
      }
      if (method === 'notifications/initialized') this.#onReady();
      return;
    }
    const isHandshake = method === 'initialize' || method === 'server/discover';
    if (isHandshake && host.has('exit-at-handshake')) return onExit('exited with code 3');
    if (method === 'tools/call' && host.has('exit-on-call')) return onExit('exited with code 4');
    if (method === 'tools/call' && host.has('endless-progress')) return this.#progress(message, id, 1);
    const answerMs = Math.max(leastMs, server.answerMs);
    if (answerMs === 0) this.#answer(message, id);
    else time.after(answerMs, () => this.#answer(message, id));
  }

  /** Who may share an instance is a promise of its definition. */
  #checkCaller(call: LedgerCall | undefined, text: string): void {
    const { server, onShared } = this.#options;
    const { era, instances } = server.host.plan;
    if (call === undefined) return;
    const { principal, isCapable, client, token } = call;
    // Two clients may use the same.
    if (text.includes(`"progressToken":"${token}"`)) onShared(`it is told the progress token of ${client}`);
    if (era === 'modern') return;
    if (this.#mayAsk && !isCapable) onShared(`it may ask ${client}, which cannot be asked`);
    this.#principals.add(principal);
    this.#calls++;
    const isOwn = instances === 'per-user' || instances === 'per-session' || instances === 'per-request';
    if (isOwn && this.#principals.size > 1)
      onShared(`users share an instance: ${[...this.#principals].join(', ')}`);
    if (instances === 'per-request' && this.#calls > 1) onShared('requests share an instance');
  }

  /** It says for ever that it gets on. */
  #progress(message: ServerMessage, id: number | string, progress: number): void {
    const { time } = this.#options;
    if (!this.#isOpen || this.#cancelled.has(id) || progress > MAX_PROGRESS) return;
    const { _meta: meta } = message.params;
    if (typeof meta === 'object' && meta !== null && 'progressToken' in meta)
      this.#emit(
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${JSON.stringify(meta.progressToken)},"progress":${progress}}}`,
      );
    time.after(PROGRESS_MS, () => this.#progress(message, id, progress + 1));
  }

  #answer(message: ServerMessage, id: number | string): void {
    const { server } = this.#options;
    if (!this.#isOpen || this.#cancelled.delete(id)) return;
    if (!this.#hasRefused) server.work(message);
    const answer = server.answerTo(message);
    if (answer.kind === 'silence') return;
    if (answer.kind === 'listen') {
      this.#listens.add(id);
      return this.#emit(answer.acknowledgement);
    }
    if (answer.kind === 'result') for (const progress of answer.progress) this.#emit(progress);
    this.#send(message, id, responseText(id, answer));
    if (message.method === 'server/discover' && server.host.plan.era === 'modern') this.#onReady();
  }

  /** With what is wrong with its output. */
  #send(message: ServerMessage, id: number | string, text: string): void {
    const { host } = this.#options.server;
    const isCall = message.method === 'tools/call';
    const { listener, choices } = this.#options;
    if (host.has('noise'))
      this.#emit(choices.pick(['\u001b[32mready\u001b[0m', '{"half":', 'debug: 12', '[]', '{}']));
    if (host.has('broken-text')) listener.onFramingError({ kind: 'not-utf8' });
    if (isCall) this.#options.server.answered(message);
    if (isCall && host.has('oversize-answer')) {
      listener.onFramingError({ kind: 'oversize', limitBytes: 16_777_216 });
      return;
    }
    if (host.has('answers-others')) this.#emit(`{"jsonrpc":"2.0","id":987654321,"result":{}}`);
    if (host.has('answers-other-type')) this.#emit(text.replace(/"id":(\d+)/, '"id":"$1"'));
    this.#emit(text);
    if (host.has('answers-twice')) this.#emit(text);
    if (this.#isOpen && typeof id === 'number') this.#cancelled.delete(id);
  }

  #onReady(): void {
    this.#isReady = true;
    const { server, time, onExit } = this.#options;
    if (server.host.has('exit-when-ready')) time.after(20, () => onExit('exited with code 5'));
    if (server.host.has('list-storm')) this.beginStorm();
  }

  #emit(text: string): void {
    if (this.#isOpen) this.#options.listener.onMessage(text);
  }
}

function capabilitiesIn({ capabilities }: Readonly<Record<string, unknown>>): object {
  return typeof capabilities === 'object' && capabilities !== null ? capabilities : {};
}

/** Why a channel has ended. */
export type ChannelEnd = GatewayError | undefined;
